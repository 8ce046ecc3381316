#include "attune/text/special_tokens.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/text/json_fields.h"

namespace attune::text {
namespace {

using nlohmann::json;

// The object in the folder's file `name`, or null where there is no such file.
json read_object(const fs::path& folder, const char* name) {
  const fs::path path = folder / name;
  if (!fs::exists(path)) return nullptr;
  json object = parse_json(read_file(path), name, ErrorKind::model);
  if (!object.is_object()) fail(ErrorKind::model, "{} should hold an object, but holds {}", name, shown(object));
  return object;
}

// A special token is named by its text or by an object with `content`.
std::string token_text(const json& object, const char* field) {
  if (!object.is_object()) return {};
  const auto at = object.find(field);
  if (at == object.end()) return {};
  if (at->is_string()) return at->get<std::string>();
  return at->is_object() ? json_string(*at, "content").value_or("") : std::string();
}

int32_t id_of(const TokenizerParts& parts, const std::string& content) {
  for (const AddedToken& token : parts.added)
    if (token.content == content) return token.id;
  return parts.model->id_of(content);
}

// Adds `content` as a special token if the vocabulary has it.
void add_special(const std::string& content, TokenizerParts& parts) {
  if (id_of(parts, content) < 0) return;
  AddedToken token;
  token.content = content;
  token.normalized = false;
  add_token(std::move(token), parts);
}

// added_tokens_decoder {"id": {content, flags}} of tokenizer_config.json and added_tokens.json {"content": id}, in the
// order of the ids.
void add_listed(const json& config, const json& added, TokenizerParts& parts) {
  std::map<int64_t, AddedToken> listed;
  if (added.is_object())
    for (const auto& [content, id] : added.items())
      if (id.is_number_integer()) listed[id.get<int64_t>()].content = content;
  if (config.is_object() && config.contains("added_tokens_decoder") && config["added_tokens_decoder"].is_object())
    for (const auto& [key, object] : config["added_tokens_decoder"].items()) {
      int64_t id = 0;
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
      if (error != std::errc() || end != key.data() + key.size())
        fail(ErrorKind::model, "added_tokens_decoder of tokenizer_config.json: '{}' is not an id", key);
      listed[id] = read_added_token(object);
    }
  for (auto& [id, token] : listed) add_token(std::move(token), parts);
}

}  // namespace

void add_token(AddedToken token, TokenizerParts& parts) {
  if (token.content.empty()) return;
  for (const AddedToken& known : parts.added)
    if (known.content == token.content) return;
  token.id = id_of(parts, token.content);
  if (token.id < 0) {
    auto next = static_cast<int32_t>(parts.model->tokens().size());
    for (const AddedToken& known : parts.added) next = std::max(next, known.id + 1);
    token.id = next;
  }
  parts.added.push_back(std::move(token));
}

json read_special_tokens(const fs::path& folder, TokenizerParts& parts) {
  json config = read_object(folder, "tokenizer_config.json");
  const json map = read_object(folder, "special_tokens_map.json");
  add_listed(config, read_object(folder, "added_tokens.json"), parts);
  struct Role {
    int32_t SpecialIds::*id;
    std::vector<const char*> fields, usual;
  };
  const Role roles[] = {{&SpecialIds::cls, {"cls_token", "bos_token"}, {"[CLS]", "<s>"}},
                        {&SpecialIds::sep, {"sep_token", "eos_token"}, {"[SEP]", "</s>"}},
                        {&SpecialIds::pad, {"pad_token"}, {"[PAD]", "<pad>"}},
                        {&SpecialIds::unk, {"unk_token"}, {"[UNK]", "<unk>"}},
                        {&SpecialIds::mask, {"mask_token"}, {"[MASK]", "<mask>"}}};
  for (const Role& role : roles) {
    int32_t& id = parts.special.*role.id;
    for (const char* field : role.fields)
      for (const json* object : {&std::as_const(config), &map}) {
        const std::string text = token_text(*object, field);
        add_special(text, parts);
        if (id < 0) id = id_of(parts, text);
      }
    for (const char* text : role.usual)
      if (id < 0) id = id_of(parts, text);
  }
  if (parts.special.unk < 0) parts.special.unk = parts.model->unknown();
  return config;
}

}  // namespace attune::text
