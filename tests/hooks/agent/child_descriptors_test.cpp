// Parent and child share open files after a split: the child must get offsets and output of its
// own.
#include "hooks/agent/child_descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "hooks/agent/process_split.h"

namespace dearth::hooks {
namespace {

std::string contents_of(int fd) {
    char text[64];
    const ssize_t got = pread(fd, text, sizeof text, 0);
    return got > 0 ? std::string(text, static_cast<size_t>(got)) : std::string();
}

class ChildDescriptors : public testing::Test {
protected:
    void SetUp() override {
        char path[] = "/tmp/dearth-XXXXXX";
        note_known_descriptors();
        file_ = mkstemp(path);
        ASSERT_GE(file_, 0);
        path_ = path;
        ASSERT_EQ(write(file_, "abcdef", 6), 6);
        ASSERT_EQ(lseek(file_, 2, SEEK_SET), 2);
        out_ = memfd_create("out", 0);
        err_ = memfd_create("err", 0);
    }
    void TearDown() override {
        close(file_);
        close(out_);
        close(err_);
        unlink(path_.c_str());
    }

    int file_ = -1;
    int out_ = -1;
    int err_ = -1;
    std::string path_;
};

TEST_F(ChildDescriptors, ReadingInTheChildDoesNotMoveTheParent) {
    note_offsets();
    const SplitResult split = split_process();
    if (split.is_child) {
        give_child_descriptors(out_, err_);
        char text[4] = {};
        const bool goes_on = read(file_, text, 3) == 3 && std::string(text) == "cde";
        _exit(goes_on ? 0 : 1);
    }
    EXPECT_EQ(reap_split(split.pid_fd).code, 0) << "the child goes on where the parent was";
    EXPECT_EQ(lseek(file_, 0, SEEK_CUR), 2);
}

// Its number is then what the next one gets, as if nothing had ever been opened.
TEST_F(ChildDescriptors, ADescriptorClosedBelowTheFileHidesNothing) {
    const int below = dup(file_);
    ASSERT_GE(below, 0);
    ASSERT_LT(dup2(file_, below + 1), 256);
    close(file_);
    close(below);
    file_ = below + 1;
    note_offsets();
    const SplitResult split = split_process();
    if (split.is_child) {
        give_child_descriptors(out_, err_);
        char text[4] = {};
        _exit(read(file_, text, 3) == 3 && std::string(text) == "cde" ? 0 : 1);
    }
    EXPECT_EQ(reap_split(split.pid_fd).code, 0);
    EXPECT_EQ(lseek(file_, 0, SEEK_CUR), 2) << "the child read with the parent's offset";
}

TEST_F(ChildDescriptors, RunningChildrenTakeNoNumbersThatTheTargetWouldGet) {
    const int before = dup(file_);
    close(before);
    const SplitResult split = split_process();
    if (split.is_child)
        _exit(0);
    const int after = dup(file_);
    close(after);
    EXPECT_EQ(reap_split(split.pid_fd).code, 0);
    EXPECT_EQ(after, before);
}

TEST_F(ChildDescriptors, OutputGoesToTheSlot) {
    note_offsets();
    const SplitResult split = split_process();
    if (split.is_child) {
        give_child_descriptors(out_, err_);
        const bool wrote =
            write(STDOUT_FILENO, "out", 3) == 3 && write(STDERR_FILENO, "err", 3) == 3;
        _exit(wrote ? 0 : 1);
    }
    EXPECT_EQ(reap_split(split.pid_fd).code, 0);
    EXPECT_EQ(contents_of(out_), "out");
    EXPECT_EQ(contents_of(err_), "err");
}

}  // namespace
}  // namespace dearth::hooks
