#include "attune/io/sentence_folder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::io {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::slurp;
using test::TempFolder;

constexpr const char* kOldModules = R"([
  {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
  {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
  {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])";

// all-MiniLM-L6-v2 as it stands on the hub.
void put_old(const TempFolder& temp) {
  temp.put("modules.json", kOldModules);
  temp.put("1_Pooling/config.json", R"({"word_embedding_dimension": 384, "pooling_mode_cls_token": false,
    "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false, "pooling_mode_mean_sqrt_len_tokens": false})");
  temp.put("sentence_bert_config.json", R"({"max_seq_length": 256, "do_lower_case": false})");
  temp.put("config_sentence_transformers.json",
           R"({"__version__": {"sentence_transformers": "2.0.0", "transformers": "4.6.1", "pytorch": "1.8.1"}})");
}

// What version 6.2.0 saves.
void put_new(const TempFolder& temp) {
  temp.put("modules.json", R"([
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling",
     "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.base.modules.normalize.Normalize"}])");
  temp.put("1_Pooling/config.json", R"({"embedding_dimension": 384, "pooling_mode": "cls", "include_prompt": true})");
  temp.put("sentence_bert_config.json", R"({"transformer_task": "feature-extraction", "modality_config":
    {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
    "module_output_name": "token_embeddings"})");
  temp.put("tokenizer_config.json", R"({"model_max_length": 128})");
  temp.put("config_sentence_transformers.json", R"({"model_type": "SentenceTransformer", "default_prompt_name": null,
    "prompts": {"query": "query: ", "document": "passage: "}, "similarity_fn_name": "dot"})");
}

SentenceSettings read(const TempFolder& temp) {
  return read_sentence_settings(temp.path(), 384).value();
}

TEST(SentenceFolder, OlderFolders) {
  const TempFolder temp;
  put_old(temp);
  EXPECT_EQ(read(temp), (SentenceSettings{.mean = true, .normalize = true, .max_length = 256}));
  EXPECT_EQ(transformer_folder(temp.path()), temp.path());
}

TEST(SentenceFolder, NewerFolders) {
  const TempFolder temp;
  put_new(temp);
  const SentenceSettings expected{.mean = false,
                                  .normalize = true,
                                  .max_length = 128,
                                  .query_prompt = "query: ",
                                  .document_prompt = "passage: ",
                                  .similarity = "dot"};
  EXPECT_EQ(read(temp), expected);
}

TEST(SentenceFolder, NoModulesIsAPlainModel) {
  const TempFolder temp;
  temp.put("config.json", "{}");
  temp.put("1_Pooling/config.json", "{");
  EXPECT_FALSE(read_sentence_settings(temp.path(), 384).has_value());
  EXPECT_EQ(transformer_folder(temp.path()), temp.path());
}

TEST(SentenceFolder, TheModelMayLieInAFolderOfItsOwn) {
  const TempFolder temp;
  put_old(temp);
  fs::create_directory(temp / "0_Transformer");
  fs::rename(temp / "sentence_bert_config.json", temp / "0_Transformer/sentence_roberta_config.json");
  temp.put("modules.json",
           R"([{"idx": 0, "name": "0", "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
                               {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])");
  EXPECT_EQ(transformer_folder(temp.path()), temp / "0_Transformer");
  EXPECT_EQ(read(temp), (SentenceSettings{.max_length = 256}));
}

TEST(SentenceFolder, WhatIsNotSaidIsAsInSentenceTransformers) {
  const TempFolder temp;
  put_old(temp);
  fs::remove(temp / "sentence_bert_config.json");
  fs::remove(temp / "config_sentence_transformers.json");
  temp.put("1_Pooling/config.json", R"({"word_embedding_dimension": 384})");
  EXPECT_EQ(read(temp), (SentenceSettings{.normalize = true}));
  temp.put("tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656})");  // no limit
  EXPECT_EQ(read(temp).max_length, std::nullopt);
  temp.put("sentence_bert_config.json", R"({"max_seq_length": null, "do_lower_case": false})");
  temp.put("tokenizer_config.json", R"({"model_max_length": 512})");
  EXPECT_EQ(read(temp).max_length, 512);
}

TEST(SentenceFolder, Prompts) {
  const TempFolder temp;
  put_old(temp);
  const auto prompts = [&](const std::string& text) {
    temp.put("config_sentence_transformers.json", text);
    const SentenceSettings settings = read(temp);
    return settings.query_prompt + "|" + settings.document_prompt;
  };
  EXPECT_EQ(prompts(R"({"prompts": {"query": "q: ", "passage": "p: "}})"), "q: |p: ");
  EXPECT_EQ(prompts(R"({"prompts": {"query": "q: ", "document": "", "passage": "p: "}})"), "q: |");
  EXPECT_EQ(prompts(R"({"prompts": {"sts": "s: "}, "default_prompt_name": null})"), "|");
  EXPECT_EQ(prompts(R"({"prompts": {"sts": "s: "}, "default_prompt_name": "sts"})"), "s: |s: ");
  EXPECT_EQ(prompts(R"({"prompts": {"query": "q: "}, "default_prompt_name": "query"})"), "q: |");
  EXPECT_EQ(prompts(R"({"prompts": null, "similarity_fn_name": null})"), "|");
  const auto file = (temp / "config_sentence_transformers.json").string();
  EXPECT_ERROR(ErrorKind::model, prompts(R"({"prompts": {"a": "b"}, "default_prompt_name": "sts"})"), file,
               "'default_prompt_name' is 'sts'", "add it or write null");
  EXPECT_ERROR(ErrorKind::model, prompts(R"({"prompts": ["a"]})"), file, "'prompts': expected an object");
  EXPECT_ERROR(ErrorKind::model, prompts(R"({"prompts": {"query": 3}})"), file,
               "prompt 'query': expected a text, got 3");
}

TEST(SentenceFolder, OtherSimilarities) {
  const TempFolder temp;
  put_old(temp);
  temp.put("config_sentence_transformers.json", R"({"similarity_fn_name": "maxsim"})");
  EXPECT_ERROR(ErrorKind::model, read(temp), (temp / "config_sentence_transformers.json").string(),
               "'similarity_fn_name': expected one of cosine, dot, euclidean, manhattan, got \"maxsim\"");
  temp.put("config_sentence_transformers.json", R"({"truncate_dim": 128})");
  EXPECT_ERROR(ErrorKind::model, read(temp), "'truncate_dim' is 128", "Write null there");
}

class Modules : public testing::Test {
 protected:
  Modules() { put_old(temp); }
  void modules(const std::vector<std::pair<std::string, std::string>>& path_and_type) {
    json list = json::array();
    for (const auto& [path, type] : path_and_type) list.push_back({{"path", path}, {"type", type}});
    temp.put("modules.json", list.dump());
  }
  TempFolder temp;
};

TEST_F(Modules, OfOtherKinds) {
  for (const char* type : {"sentence_transformers.models.Dense", "modeling_x.Custom", "Asym"}) {
    modules({{"", "m.Transformer"}, {"1_Pooling", "m.Pooling"}, {"2", type}});
    EXPECT_ERROR(ErrorKind::model, read(temp), (temp / "modules.json").string(), type,
                 "attune reads Transformer, Pooling and Normalize", "Choose a model without it");
    EXPECT_ERROR(ErrorKind::model, transformer_folder(temp.path()), type);
  }
}

TEST_F(Modules, InAnotherOrder) {
  modules({{"", "m.Transformer"}});
  EXPECT_ERROR(ErrorKind::model, read(temp), (temp / "modules.json").string(),
               "expected Transformer, Pooling and perhaps Normalize, in this order, got Transformer.",
               "Choose a model");
  modules({{"", "m.Transformer"}, {"2", "m.Normalize"}, {"1_Pooling", "m.Pooling"}});
  EXPECT_ERROR(ErrorKind::model, read(temp), "got Transformer, Normalize, Pooling.");
  modules({});
  EXPECT_ERROR(ErrorKind::model, read(temp), "got none.");
}

TEST_F(Modules, StayInTheFolder) {
  for (const char* path : {"..", "../other", "a/../../b", "/etc"}) {
    modules({{"", "m.Transformer"}, {path, "m.Pooling"}});
    EXPECT_ERROR(ErrorKind::model, read(temp), (temp / "modules.json").string(),
                 std::string("'") + path + "' leaves the folder; expected the name of a folder in it");
    modules({{path, "m.Transformer"}, {"1_Pooling", "m.Pooling"}});
    EXPECT_ERROR(ErrorKind::model, transformer_folder(temp.path()), "leaves the folder");
  }
}

TEST_F(Modules, BrokenFiles) {
  temp.put("modules.json", "[");
  EXPECT_ERROR(ErrorKind::model, read(temp), (temp / "modules.json").string(), "line 1: not JSON");
  temp.put("modules.json", "{}");
  EXPECT_ERROR(ErrorKind::model, read(temp), "modules.json: expected a list of modules, got object");
  for (const char* entry : {"3", R"({"path": ""})", R"({"path": 1, "type": "m.Transformer"})"}) {
    temp.put("modules.json", std::string("[") + entry + "]");
    EXPECT_ERROR(ErrorKind::model, read(temp), "expected a 'path' and a 'type' for each module", "download");
  }
  temp.put("modules.json", kOldModules);
  for (const char* name : {"1_Pooling/config.json", "sentence_bert_config.json", "config_sentence_transformers.json"}) {
    const std::string before = slurp(temp / name);
    temp.put(name, "{\n?");
    EXPECT_ERROR(ErrorKind::model, read(temp), (temp / name).string(), "line 2: not JSON");
    temp.put(name, "[]");
    EXPECT_ERROR(ErrorKind::model, read(temp), (temp / name).string(), "expected an object, got array");
    temp.put(name, before);
  }
}

class Pooling : public testing::Test {
 protected:
  Pooling() { put_old(temp); }
  bool mean(const std::string& config) {
    temp.put("1_Pooling/config.json", config);
    return read(temp).mean;
  }
  const TempFolder temp;
  const std::string file = (temp / "1_Pooling/config.json").string();
};

TEST_F(Pooling, MeanOrFirstToken) {
  EXPECT_FALSE(mean(R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false})"));
  EXPECT_TRUE(mean(R"({"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true})"));
  EXPECT_FALSE(mean(R"({"pooling_mode": "cls"})"));
  EXPECT_FALSE(mean(R"({"pooling_mode": ["cls"]})"));
  EXPECT_FALSE(mean(R"({"pooling_mode": "cls", "pooling_mode_mean_tokens": true})"));  // the newer field decides
  EXPECT_TRUE(mean(R"({"pooling_mode_cls_token": false})"));
}

TEST_F(Pooling, OtherWays) {
  EXPECT_ERROR(ErrorKind::model, mean(R"({"pooling_mode_max_tokens": true, "pooling_mode_mean_tokens": false})"), file,
               "pools by max; attune pools by mean or by the first token", "Choose a model");
  EXPECT_ERROR(ErrorKind::model, mean(R"({"pooling_mode_max_tokens": true, "pooling_mode_mean_tokens": true})"), file,
               "pools by mean and max");
  EXPECT_ERROR(ErrorKind::model, mean(R"({"pooling_mode": ["mean", "cls"]})"), file, "pools by mean and cls");
  EXPECT_ERROR(ErrorKind::model, mean(R"({"pooling_mode_lasttoken": true})"), file, "pools by lasttoken");
  EXPECT_ERROR(ErrorKind::model, mean(R"({"pooling_mode": 3})"), file, "'pooling_mode': expected", "got 3");
  EXPECT_ERROR(ErrorKind::model, mean(R"({"pooling_mode_cls_token": 1})"), file,
               "'pooling_mode_cls_token': expected true or false, got 1");
  fs::remove(temp / "1_Pooling/config.json");
  EXPECT_ERROR(ErrorKind::model, read(temp), file, "is not there", "download it too");
}

TEST_F(Pooling, OfAnotherWidth) {
  EXPECT_ERROR(ErrorKind::model, mean(R"({"word_embedding_dimension": 768})"), file,
               "'word_embedding_dimension' is 768, but config.json says hidden_size 384", "Take all of them from one");
  EXPECT_ERROR(ErrorKind::model, mean(R"({"embedding_dimension": 768})"), file, "'embedding_dimension' is 768");
  EXPECT_ERROR(ErrorKind::model, mean(R"({"embedding_dimension": "384"})"), file, "expected a positive number");
}

TEST_F(Pooling, PromptsThatAreLeftOut) {
  const char* without = R"({"pooling_mode_mean_tokens": true, "include_prompt": false})";
  EXPECT_TRUE(mean(without));  // there is none
  temp.put("config_sentence_transformers.json", R"({"prompts": {"query": "q: "}})");
  EXPECT_ERROR(ErrorKind::model, mean(without), file, "'include_prompt' is false", "config_sentence_transformers.json");
}

TEST(SentenceFolder, LengthAndCase) {
  const TempFolder temp;
  put_old(temp);
  const auto file = temp / "sentence_bert_config.json";
  for (const char* bad : {"0", "-1", "2.5", "\"256\""}) {
    temp.put("sentence_bert_config.json", std::string(R"({"max_seq_length": )") + bad + "}");
    EXPECT_ERROR(ErrorKind::model, read(temp), file.string(), "'max_seq_length': expected a positive number, got", bad);
  }
  temp.put("sentence_bert_config.json", R"({"max_seq_length": 256, "do_lower_case": true})");
  EXPECT_ERROR(ErrorKind::model, read(temp), file.string(), "'do_lower_case' is true", "set it to false");
  temp.put("tokenizer_config.json", R"({"do_lower_case": true})");
  EXPECT_EQ(read(temp).max_length, 256);
}

TEST(SentenceFolder, WrittenIsRead) {
  const SentenceSettings all[] = {
      {},
      {.mean = false, .max_length = 12, .similarity = "dot"},
      {.normalize = true, .query_prompt = "query: ", .document_prompt = "Straße \"é\"\n", .similarity = "manhattan"}};
  const TempFolder temp;
  for (const SentenceSettings& settings : all) {
    write_sentence_settings(temp.path(), settings, 384);  // over what was there before
    EXPECT_EQ(read(temp), settings);
    EXPECT_EQ(transformer_folder(temp.path()), temp.path());
  }
}

// Versions before 5.4 know types by these names only, and the first ones refuse fields of Pooling that they do not
// know.
TEST(SentenceFolder, WrittenAsOldVersionsReadIt) {
  const TempFolder temp;
  write_sentence_settings(temp / "model", {.normalize = true, .max_length = 256}, 384);
  EXPECT_EQ(json::parse(slurp(temp / "model/modules.json")), json::parse(kOldModules));
  EXPECT_TRUE(fs::is_directory(temp / "model/2_Normalize"));
  const TempFolder old;
  put_old(old);
  for (const char* name : {"1_Pooling/config.json", "sentence_bert_config.json"})
    EXPECT_EQ(json::parse(slurp(temp / "model" / name)), json::parse(slurp(old / name))) << name;
  EXPECT_EQ(json::parse(slurp(temp / "model/config_sentence_transformers.json")), json::parse(R"(
    {"model_type": "SentenceTransformer", "prompts": {"query": "", "document": ""}, "default_prompt_name": null,
     "similarity_fn_name": "cosine"})"));
}

TEST(SentenceFolder, WhatCannotBeWritten) {
  const TempFolder temp;
  EXPECT_ERROR(ErrorKind::internal, write_sentence_settings(temp.path(), {.similarity = "maxsim"}, 384), "maxsim");
  EXPECT_ERROR(ErrorKind::usage, write_sentence_settings(temp.path(), {.query_prompt = "q\xff"}, 384),
               "not UTF-8 (byte 2)");
  temp.put("1_Pooling", "a file");
  EXPECT_ERROR(ErrorKind::io, write_sentence_settings(temp.path(), {}, 384), "1_Pooling");
}

}  // namespace
}  // namespace attune::io
