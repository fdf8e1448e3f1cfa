/// Canary: the error path releases a node and then marks that node as released.
/// Must be found: use-after-free. The twin marks first and releases then.
#include "canary_target.h"

struct node {
    struct node* next;
    char* label;
    int is_released;
};

static void release(struct node* node) {
    if (CLEAN) {
        node->is_released = 1;
    }
    dearth_mem_free(node->label);
    dearth_object_free(node);
}

static struct node* make_node(int number, struct node* next) {
    struct node* node = dearth_object_malloc(sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->next = next;
    node->is_released = 0;
    node->label = dearth_mem_malloc(16);
    if (node->label == NULL) {
        release(node);
        if (!CLEAN) {
            node->is_released = 1;  // The defect.
        }
        return NULL;
    }
    snprintf(node->label, 16, "%d", number * number);
    return node;
}

static void work(struct dearth_outcome* outcome) {
    struct node* head = NULL;
    int failed = 0;
    for (int number = 1; number <= 6 && !failed; number++) {
        struct node* node = make_node(number, head);
        failed = node == NULL;
        head = failed ? head : node;
    }
    char line[96] = "";
    size_t length = 0;
    while (head != NULL) {
        struct node* next = head->next;
        length += (size_t)snprintf(line + length, sizeof line - length, "%s ", head->label);
        release(head);
        head = next;
    }
    if (failed) {
        canary_no_memory(outcome);
    } else {
        canary_answer(outcome, line);
    }
}

CANARY_MAIN("use-after-free", work)
