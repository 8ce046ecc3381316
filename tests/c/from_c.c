/* The header as a C compiler reads it, called from C. */
#include <string.h>

#include "attune/c/attune.h"

struct counted {
  int events, questions, stop_at;
};

static void count_event(void* user, const char* json) {
  if (json[0] == '{') ((struct counted*)user)->events++;
}

static int stop_in_time(void* user) {
  struct counted* counted = user;
  return ++counted->questions >= counted->stop_at;
}

attune_status train_from_c(const char* options, int stop_at, int* events, int* questions, char** result);

/* Trains until `stop_at` steps were taken. */
attune_status train_from_c(const char* options, int stop_at, int* events, int* questions, char** result) {
  struct counted counted = {0, 0, stop_at};
  const attune_watcher watcher = {&counted, count_event, stop_in_time};
  const attune_status status = attune_train(options, &watcher, result);
  *events = counted.events;
  *questions = counted.questions;
  return status;
}

size_t predict_from_c(const char* folder, const char* text, char* answer, size_t room);

/* The length of the answer, which is copied; 0 where something went wrong. */
size_t predict_from_c(const char* folder, const char* text, char* answer, size_t room) {
  attune_model* model = NULL;
  attune_text one = {text, strlen(text)};
  char* lines = NULL;
  size_t length = 0;
  if (attune_open(folder, "{\"threads\": 1}", &model) != ATTUNE_OK) return 0;
  if (attune_predict(model, &one, NULL, 1, NULL, &lines) == ATTUNE_OK && strlen(lines) < room) {
    length = strlen(lines);
    memcpy(answer, lines, length + 1);
  }
  attune_free(lines);
  attune_close(model);
  return length;
}
