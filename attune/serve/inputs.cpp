#include "attune/serve/inputs.h"

#include <nlohmann/json.hpp>

#include "attune/base/json.h"
#include "attune/base/suggest.h"
#include "attune/data/words.h"
#include "attune/serve/refusal.h"

namespace attune::serve {
namespace {

using nlohmann::json;

const json* found(const json& body, const char* name) {
  const auto at = body.find(name);
  return at == body.end() || at->is_null() ? nullptr : &*at;
}

const json& needed(const json& body, const char* name) {
  const json* value = found(body, name);
  if (!value) refuse(Fault::schema, "the field '{}' is missing", name);
  return *value;
}

[[noreturn]] void wrong_type(const std::string& where, const char* expected, const json& value) {
  refuse(Fault::schema, "'{}': expected {}, got {} {}", where, expected, value.is_object() ? "an" : "a",
         value.type_name());
}

const std::string& string_at(const json& value, const std::string& where) {
  if (!value.is_string()) wrong_type(where, "a text", value);
  return value.get_ref<const std::string&>();
}

// Lists of numbers are token ids.
[[noreturn]] void no_token_ids(const char* name) {
  refuse(Fault::schema,
         "'{}' holds token ids; this server takes texts, since ids of another vocabulary would be read as other words "
         "(LangChain: check_embedding_ctx_length=False)",
         name);
}

Input sequence_at(const json& value, const std::string& where) {
  if (!value.is_array()) wrong_type(where, "a list of one text or of two", value);
  if (value.empty() || value.size() > 2)
    refuse(Fault::schema, "'{}': expected one text or two, got {}", where, value.size());
  Input input{.text = string_at(value[0], where)};
  if (value.size() == 2) input.pair = string_at(value[1], where);
  return input;
}

Input row_at(const json& value, const std::string& where) {
  if (value.is_string()) return {.text = value.get<std::string>()};
  if (!value.is_object()) wrong_type(where, "a text, or an object with 'text'", value);
  check_fields(value, {"text", "text_pair"});
  if (!value.contains("text")) refuse(Fault::schema, "'{}': the field 'text' is missing", where);
  Input input{.text = string_at(value["text"], where + ".text")};
  if (const json* pair = found(value, "text_pair")) input.pair = string_at(*pair, where + ".text_pair");
  return input;
}

std::string item(const char* name, size_t i) {
  return fmt::format("{}[{}]", name, i);
}

void check_not_empty(const json& list, const char* name) {
  if (list.empty()) refuse(Fault::empty, "'{}' is empty", name);
}

}  // namespace

json parse_body(const std::string& body) {
  json parsed;
  try {
    parsed = parse_json(body, "the request");
  } catch (const Error& error) {
    throw Refusal{Fault::syntax, error.what()};
  }
  if (!parsed.is_object()) wrong_type("the request", "an object", parsed);
  return parsed;
}

bool flag(const json& body, const char* name, bool otherwise) {
  const json* value = found(body, name);
  if (!value) return otherwise;
  if (!value->is_boolean()) wrong_type(name, "true or false", *value);
  return value->get<bool>();
}

std::optional<std::string> text(const json& body, const char* name) {
  const json* value = found(body, name);
  if (!value) return std::nullopt;
  return string_at(*value, name);
}

std::optional<int64_t> integer(const json& body, const char* name) {
  const json* value = found(body, name);
  if (!value) return std::nullopt;
  if (!value->is_number_integer()) wrong_type(name, "a whole number", *value);
  return value->get<int64_t>();
}

std::vector<std::string> texts(const json& body, const char* name) {
  const json& list = needed(body, name);
  if (!list.is_array()) wrong_type(name, "a list of texts", list);
  check_not_empty(list, name);
  std::vector<std::string> all;
  for (size_t i = 0; i < list.size(); ++i) all.push_back(string_at(list[i], item(name, i)));
  return all;
}

void check_fields(const json& body, const std::vector<std::string>& known) {
  for (const auto& [name, value] : body.items())
    if (std::find(known.begin(), known.end(), name) == known.end())
      refuse(Fault::schema, "unknown field '{}'{}", name, did_you_mean(name, known));
}

Inputs read_texts(const json& body, const char* name) {
  const json& value = needed(body, name);
  if (value.is_string()) return {.rows = {{.text = value.get<std::string>()}}};
  if (!value.is_array()) wrong_type(name, "a text or a list of texts", value);
  check_not_empty(value, name);
  Inputs inputs{.rows = {}, .batch = true};
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i].is_number() || value[i].is_array()) no_token_ids(name);
    inputs.rows.push_back({.text = string_at(value[i], item(name, i))});
  }
  return inputs;
}

Inputs read_sequences(const json& body, const char* name) {
  const json& value = needed(body, name);
  if (value.is_string()) return {.rows = {{.text = value.get<std::string>()}}};
  if (!value.is_array()) wrong_type(name, "a text, a pair of texts, or a list of lists of these", value);
  check_not_empty(value, name);
  if (value[0].is_string()) return {.rows = {sequence_at(value, name)}};
  Inputs inputs{.rows = {}, .batch = true};
  for (size_t i = 0; i < value.size(); ++i) inputs.rows.push_back(sequence_at(value[i], item(name, i)));
  return inputs;
}

Inputs read_rows(const json& body, const char* name) {
  const json& value = needed(body, name);
  if (!value.is_array()) return {.rows = {row_at(value, name)}};
  check_not_empty(value, name);
  Inputs inputs{.rows = {}, .batch = true};
  for (size_t i = 0; i < value.size(); ++i) inputs.rows.push_back(row_at(value[i], item(name, i)));
  return inputs;
}

data::Example example_of(const Input& input, tasks::TaskKind task, size_t row) {
  data::Example example;
  example.text = input.text;
  example.origin.line = static_cast<int64_t>(row) + 1;
  if (task == tasks::TaskKind::tag) {
    if (input.pair) refuse(Fault::schema, "row {}: a pair of texts, but this model tags single ones", row + 1);
    data::split_words(example.text, example.words, example.word_spans);
  } else if (input.pair) {
    example.has_pair = true, example.text_pair = *input.pair;
  }
  return example;
}

}  // namespace attune::serve
