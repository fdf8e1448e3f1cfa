/// Canary: a consumer waits for a producer that has given up without saying so. The loop makes no
/// request, so only the deadline can end it. Must be found: hang. In the twin the producer says so.
#include "canary_target.h"

enum stage { STAGE_WAITING, STAGE_READY, STAGE_FAILED };

struct channel {
    volatile enum stage stage;
    char* message;
};

static void produce(struct channel* channel) {
    channel->message = dearth_mem_malloc(32);
    if (channel->message == NULL) {
        if (CLEAN) {
            channel->stage = STAGE_FAILED;  // The defect is its absence.
        }
        return;
    }
    memcpy(channel->message, "delivered", sizeof "delivered");
    channel->stage = STAGE_READY;
}

static void work(struct dearth_outcome* outcome) {
    struct channel* channel = dearth_mem_calloc(1, sizeof *channel);
    if (channel == NULL) {
        canary_no_memory(outcome);
        return;
    }
    channel->stage = STAGE_WAITING;
    produce(channel);
    while (channel->stage == STAGE_WAITING) {
    }
    if (channel->stage == STAGE_READY) {
        canary_answer(outcome, channel->message);
    } else {
        canary_no_memory(outcome);
    }
    dearth_mem_free(channel->message);
    dearth_mem_free(channel);
}

CANARY_MAIN("hang", work)
