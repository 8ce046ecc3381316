/* A fine-tuned model inside a program in C.   predict MODEL [OPTIONS] < texts
 * OPTIONS: a JSON object, as attune_open takes it, for example '{"threads": 1}'. */
#include <attune/c/attune.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: predict MODEL [OPTIONS] < texts\n");
    return 2;
  }
  attune_model* model;
  if (attune_open(argv[1], argc == 3 ? argv[2] : NULL, &model) != ATTUNE_OK) {
    fprintf(stderr, "predict: %s\n", attune_last_error());
    return 1;
  }
  char line[65536];
  int failed = 0;
  while (!failed && fgets(line, sizeof line, stdin)) {
    const attune_text text = {line, strcspn(line, "\n")};
    char* answer;
    failed = attune_predict(model, &text, NULL, 1, NULL, &answer) != ATTUNE_OK;
    if (failed) break;
    fputs(answer, stdout);
    attune_free(answer);
  }
  if (failed) fprintf(stderr, "predict: %s\n", attune_last_error());
  attune_close(model);
  return failed;
}
