// What requests hold: JSON into texts and settings, each field checked.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attune/data/example.h"
#include "attune/tasks/task.h"

namespace attune::serve {

// One text, or a pair of them.
struct Input {
  std::string text;
  std::optional<std::string> pair = {};
};

struct Inputs {
  std::vector<Input> rows;
  bool batch = false;  // a list was asked, so a list is answered
};

// The body as an object. Refuses (syntax): no JSON, with the line; (schema): another type.
nlohmann::json parse_body(const std::string& body);

// Fields of an object; each refuses (schema) a value of another type, with its name and what came. null counts as
// absent.
bool flag(const nlohmann::json& body, const char* name, bool otherwise);
std::optional<std::string> text(const nlohmann::json& body, const char* name);
std::optional<int64_t> integer(const nlohmann::json& body, const char* name);
std::vector<std::string> texts(const nlohmann::json& body, const char* name);
// Refuses (schema) fields that are not among `known`; suggests the nearest.
void check_fields(const nlohmann::json& body, const std::vector<std::string>& known);

// TEI's /embed and OpenAI's: a text or a list of texts. Lists of token ids are refused with the remedy: whose
// vocabulary they are of is not known.
Inputs read_texts(const nlohmann::json& body, const char* name);
// TEI's /predict: "a" | ["a", "pair"] | [["a"], ["a", "pair"], ...].
Inputs read_sequences(const nlohmann::json& body, const char* name);
// attune's own: "a" | ["a", "b"] (texts) | {"text": ..., "text_pair": ...} | a list of these | for tagging also lists
// of words.
Inputs read_rows(const nlohmann::json& body, const char* name);

// The example that such a row is for a task. `row`: its number, for messages.
data::Example example_of(const Input& input, tasks::TaskKind task, size_t row);

}  // namespace attune::serve
