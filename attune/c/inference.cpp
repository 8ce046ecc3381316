// The half of the C interface that reads models.
#include <sstream>

#include "attune/c/failures.h"
#include "attune/c/json_options.h"
#include "attune/c/model.h"
#include "attune/data/example_reader.h"
#include "attune/data/open_records.h"
#include "attune/train/text_vectors.h"

namespace attune::c {
namespace {

void visit_lines(OptionList& list, train::LineOptions& lines) {
  list.add("top", lines.top,
           {.help = "only the N largest probabilities, largest first; 0: all, in label order", .min = 0});
  list.add("logits", lines.logits, {.help = "the model's raw outputs too"});
}

std::span<const attune_text> texts_of(const attune_text* texts, size_t count) {
  if (count > 0) check_given(texts, "texts");
  return {texts, count};
}

// All rows of a text in JSON Lines.
std::vector<data::Example> read_rows(const attune_model& model, attune_text rows, data::ReadOptions read) {
  if (rows.size > 0) check_given(rows.bytes, "rows.bytes");
  std::istringstream stream(std::string(rows.bytes ? rows.bytes : "", rows.size));
  read.format = "jsonl";
  const data::TargetKind kind = model.bundle().task->data;
  constexpr auto kIgnored = data::TargetNeed::ignored;
  data::ExampleReader reader(data::open_records(stream, "rows", read, kind, kIgnored), kind, kIgnored, read);
  std::vector<data::Example> read_rows;
  for (data::Example row; reader.next(row);) read_rows.push_back(std::move(row));
  return read_rows;
}

}  // namespace
}  // namespace attune::c

using namespace attune;

attune_status attune_open(const char* model, const char* options, attune_model** opened) {
  return c::guarded([&] {
    c::check_given(model, "model");
    c::check_given(opened, "opened");
    train::InferenceOptions inference{.judges = true};
    OptionList list("");
    inference.visit(list);
    list.set("model", model);  // first: what is given as an argument wins
    c::read_options(options, list);
    *opened = new attune_model(inference);
  });
}

void attune_close(attune_model* model) {
  delete model;
}

const char* attune_describe(const attune_model* model) {
  return model->description().c_str();
}

size_t attune_outputs(const attune_model* model) {
  return model->outputs();
}

attune_status attune_predict(attune_model* model, const attune_text* texts, const attune_text* pairs, size_t count,
                             const char* options, char** lines) {
  return c::guarded([&] {
    c::check_given(model, "model");
    c::check_given(lines, "lines");
    train::LineOptions wanted;
    OptionList list("");
    c::visit_lines(list, wanted);
    c::read_options(options, list);
    *lines = c::handed_out(model->predict(model->rows(c::texts_of(texts, count), pairs), "text", wanted));
  });
}

attune_status attune_predict_rows(attune_model* model, attune_text rows, const char* options, char** lines) {
  return c::guarded([&] {
    c::check_given(model, "model");
    c::check_given(lines, "lines");
    train::LineOptions wanted;
    data::ReadOptions read;
    OptionList list("");
    c::visit_lines(list, wanted);
    read.visit(list);
    c::read_options(options, list);
    *lines = c::handed_out(model->predict(c::read_rows(*model, rows, read), "row", wanted));
  });
}

attune_status attune_embed(attune_model* model, const attune_text* texts, size_t count, const char* options,
                           float* vectors, size_t capacity) {
  return c::guarded([&] {
    c::check_given(model, "model");
    if (capacity > 0) c::check_given(vectors, "vectors");
    std::string role = "query";
    OptionList list("");
    list.add("as", role, {.help = "what the texts are", .choices = {"query", "passage"}});
    c::read_options(options, list);
    train::check_embeds(model->bundle(), model->bundle().source.string());
    model->embed(model->rows(c::texts_of(texts, count), nullptr), role == "passage", {vectors, capacity});
  });
}
