/* attune for programs in C, and for every language that can call C: open a fine-tuned model, predict, embed, train.
 *
 *   attune_model* model;
 *   if (attune_open("runs/mine", "{\"threads\": 2}", &model) != ATTUNE_OK) { fputs(attune_last_error(), stderr); ... }
 *   attune_text text = {"my card has not arrived", 23};
 *   char* lines;
 *   if (attune_predict(model, &text, NULL, 1, NULL, &lines) == ATTUNE_OK) { fputs(lines, stdout); attune_free(lines); }
 *   attune_close(model);
 *
 * Texts are UTF-8 and are not changed. Options are a JSON object, or NULL for none; the keys are the names of the
 * program's options (docs/options.md), with underscores or dashes, and an unknown one is an error that names the
 * nearest. What is handed out as `char*` belongs to the caller, who gives it back by attune_free().
 *
 * Errors. Every function that can fail returns a status; where it is not ATTUNE_OK nothing was handed out, and
 * attune_last_error() has the message. Nothing is printed and the process is never ended.
 *
 * Threads. All functions may be called from several threads at once. Calls on one model wait for each other (each of
 * them uses all of the model's threads); calls on different models run side by side. attune_close() is the exception:
 * no other call on that model may be under way. attune_last_error() is of the calling thread.
 * A child of fork() may not call attune if its parent has: OpenMP's threads do not come along, and a call would wait
 * for them for ever.
 *
 * Stability. Functions, structs and numbers of this page keep their meaning within one major version; options and
 * fields of JSON may be added. */
#ifndef ATTUNE_C_ATTUNE_H
#define ATTUNE_C_ATTUNE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum attune_status {
  ATTUNE_OK = 0,
  ATTUNE_USAGE = 1,   /* an argument or an option is wrong */
  ATTUNE_INPUT = 2,   /* a text or a data file is wrong */
  ATTUNE_MODEL = 3,   /* a model folder is wrong */
  ATTUNE_IO = 4,      /* the system refused to read or write */
  ATTUNE_NUMERIC = 5, /* NaN or infinity where none may be */
  ATTUNE_MEMORY = 6,  /* more memory would be needed than there is or is allowed */
  ATTUNE_INTERNAL = 7 /* attune's own fault */
} attune_status;

/* `size` bytes of UTF-8; they need not end in 0, and may hold one. */
typedef struct attune_text {
  const char* bytes;
  size_t size;
} attune_text;

typedef struct attune_model attune_model;

/* "0.1.0" */
const char* attune_version(void);
/* "usage", "input", ... ; "ok"; "unknown" for another number. */
const char* attune_status_name(attune_status status);
/* What was wrong with the calling thread's last call that failed: what happened, what was expected, what came, what to
 * do; then where, a line each. "" where none failed. It stays until the next one fails. */
const char* attune_last_error(void);
/* Gives back what a function handed out. NULL is fine. */
void attune_free(char* text);

/* Opens a model: a run of attune's, a fine-tuned folder of Hugging Face's, or one of sentence-transformers'; also a
 * name such as "minilm" or a hub id in the local cache. Options, all as of `attune predict`:
 * - task: "auto", the folder's own; "embed", vectors of an encoder that was never fine-tuned too
 * - precision: "auto" (bf16 where the processor multiplies it faster than f32), "f32", "bf16", "int8"
 * - threads: 0, as many as there are physical cores at hand
 * - batch_size: 32; changes no result
 * - max_length, truncate, decoding
 *
 * Errors: ATTUNE_USAGE, ATTUNE_MODEL, ATTUNE_IO, ATTUNE_MEMORY. */
attune_status attune_open(const char* model, const char* options, attune_model** opened);
/* NULL is fine. */
void attune_close(attune_model* model);

/* A JSON object: task, labels (in the order of the outputs; [] where there are none), outputs (labels, 1 for a score,
 * or the width of a vector), precision, threads, threads_reason, max_length, notes (what the user should know). It is
 * the model's and stays until attune_close(). */
const char* attune_describe(const attune_model* model);
/* `outputs` of that object: for a model of the task embed the width of a vector. */
size_t attune_outputs(const attune_model* model);

/* Answers `count` texts; `pairs` (NULL, or as many) are their second texts. *lines: one JSON object and a newline a
 * text, in order, to the byte what `attune predict` prints. A text's answer does not depend on the texts beside it. A
 * text to be tagged is split into words. Options:
 * - top: how many probabilities a line has, the largest first; 0: all, in label order
 * - logits: true: the model's raw outputs too
 *
 * Errors: ATTUNE_USAGE (a model of the task embed; pairs for a model of single texts, or the other way round),
 * ATTUNE_INPUT (no UTF-8), ATTUNE_NUMERIC, ATTUNE_MEMORY. */
attune_status attune_predict(attune_model* model, const attune_text* texts, const attune_text* pairs, size_t count,
                             const char* options, char** lines);

/* The same of rows in JSON Lines: one object a row, as in a file for `attune predict`: its text, two texts, or a list
 * of words, by the usual names or as the options `text`, `text_pair` and `id` say; an id comes back in its line.
 * Errors: also ATTUNE_INPUT of the reader, with the line. */
attune_status attune_predict_rows(attune_model* model, attune_text rows, const char* options, char** lines);

/* Writes the vectors of `count` texts to `vectors` [count, attune_outputs(model)], row by row: floats of the caller, of
 * which there are `capacity`. Options:
 *   as  "query" (usual) or "passage": for models that put a prefix before each
 * Errors: ATTUNE_USAGE (a model of another task; capacity is too small, and nothing was written), ATTUNE_INPUT (no
 * UTF-8), ATTUNE_NUMERIC, ATTUNE_MEMORY. After an error the floats may have changed. */
attune_status attune_embed(attune_model* model, const attune_text* texts, size_t count, const char* options,
                           float* vectors, size_t capacity);

/* Who watches a training run. Both functions are called by the thread that trains, and either may be NULL. */
typedef struct attune_watcher {
  void* user; /* handed to both */
  /* A JSON object: a line of `attune train --json`, except the report. It is valid during the call. */
  void (*event)(void* user, const char* json);
  /* Asked after every step and in evaluations. Not 0: finish, write a checkpoint, and come back with the state
   * "interrupted". */
  int (*stop)(void* user);
} attune_watcher;

/* Trains as `attune train` does, by the same code: `options` has its options by name ({"model": "minilm", "train":
 * "train.csv", "out": "runs/mine", "lr": 1e-4}). `watcher` may be NULL. *result, a JSON object:
 *   state    "finished", "interrupted", or "was_finished" (`resume` of a run that is)
 *   out      the folder
 *   report   what report.json says, where it finished now
 *   profile  with the option `profile`
 * Errors: everything a user can get wrong, before anything is written; `loss` "auto" (a program's work:
 * `attune train --loss auto`); then ATTUNE_IO, ATTUNE_MEMORY, ATTUNE_NUMERIC, after saving what can be saved. */
attune_status attune_train(const char* options, const attune_watcher* watcher, char** result);

#ifdef __cplusplus
}
#endif

#endif
