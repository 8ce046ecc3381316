// attune embed: texts in, one vector a text out, in constant memory.
#include <nlohmann/json.hpp>

#include "attune/base/json.h"
#include "attune/base/threads.h"
#include "attune/io/npy.h"
#include "attune/train/inference_options.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/vectors.h"

namespace attune::cli {
namespace {

struct EmbedOptions {
  train::InferenceOptions inference{.task = "embed"};
  data::ReadOptions read;
  std::string role = "query";
  std::string out;

  void visit(OptionList& list) {
    inference.visit(list);
    list.group("Vectors");
    list.add("as", role,
             {.help = "what the texts are, for models that put one prefix before queries and another before passages "
                      "(most models have none)",
              .choices = {"query", "passage"}});
    list.add("out", out,
             {.help = "write the vectors as a NumPy array [texts, width] of float32; without: JSON lines",
              .placeholder = "FILE"});
    read.visit_texts(list);
  }
};

std::string vector_line(const data::Example& text, std::span<const float> vector) {
  using Json = nlohmann::ordered_json;
  Json line = Json::object();
  if (!text.id.empty()) line["id"] = text.id;
  line["embedding"] = std::vector<float>(vector.begin(), vector.end());
  return json_line(line);
}

}  // namespace

int run_embed(const ArgumentList& arguments) {
  EmbedOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 1);
  if (parsed.help) {
    put(help_text(
        "attune embed --model MODEL [FILE] [--out FILE.npy] [options]",
        "Gives each text its vector, in order: texts whose meanings are near have vectors whose cosine is "
        "high. Texts come\nfrom FILE or standard input: one a line, or a column of CSV, TSV or JSONL. Without "
        "--out a JSON object is printed for\neach: {\"embedding\": [...]}, with its id where there is one. A "
        "text's vector does not depend on the texts beside it.",
        list));
    return 0;
  }
  const auto kernels = kernels::cpu::make_kernels(choose_threads(options.inference.threads).threads);
  tasks::ModelBundle bundle = options.inference.open();
  check_embeds(bundle, options.inference.model);
  if (options.role == "passage") bundle.encode.query_prefix = bundle.encode.passage_prefix;
  train::Predictor predictor(bundle, *kernels, options.inference.batch_size);
  const auto width = static_cast<size_t>(bundle.logit_count());
  std::optional<io::NpyRows> file;
  if (!options.out.empty()) file.emplace(options.out, static_cast<int64_t>(width));
  each_vector(predictor, parsed.positional.empty() ? "-" : parsed.positional[0], options.read,
              [&](std::span<const data::Example> rows, std::span<const float> vectors) {
                if (file) return file->append(vectors);
                for (size_t i = 0; i < rows.size(); ++i) put(vector_line(rows[i], vectors.subspan(i * width, width)));
                flush_output();
              });
  if (file) file->commit();
  return 0;
}

}  // namespace attune::cli
