// attune search: the documents that answer a query, nearest first.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "attune/base/json.h"
#include "attune/base/scratch_file.h"
#include "attune/base/threads.h"
#include "attune/data/collection.h"
#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/train/inference_options.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/vectors.h"

namespace attune::cli {
namespace {

using Json = nlohmann::ordered_json;

struct SearchOptions {
  train::InferenceOptions inference{.task = "embed"};
  data::ReadOptions read;
  std::vector<std::string> query;
  int64_t top = 5;
  bool json = false;

  void visit(OptionList& list) {
    inference.visit(list);
    list.group("Search");
    list.add("query", query,
             {.help = "what to look for; repeated: several (default: each text of FILE or standard input)",
              .placeholder = "TEXT"});
    list.add("top", top, {.help = "documents shown for each query", .min = 1, .max = 1e6});
    list.add("json", json, {.help = "print a JSON object for each query: its documents with id, score and text"});
    read.visit_texts(list, /*with_corpus=*/true);
  }
};

// The corpus's texts and vectors of length 1.
class Documents {
 public:
  Documents(const SearchOptions& options, const tasks::ModelBundle& bundle, train::Predictor& predictor)
      : width_(static_cast<size_t>(bundle.logit_count())),
        texts_(data::read_texts_by_id(*options.read.corpus, options.read.corpus_text, options.read, "--corpus",
                                      system_scratch_folder())
                   .texts) {
    constexpr size_t kAtOnce = 256;
    std::vector<data::Example> rows;
    for (size_t i = 0; i < texts_->size(); ++i) {
      rows.push_back((*texts_)[i]);
      if (rows.size() < kAtOnce && i + 1 < texts_->size()) continue;
      const auto some = vectors_of(predictor, rows);
      vectors_.insert(vectors_.end(), some.begin(), some.end());
      rows.clear();
    }
    tasks::scale_to_unit_rows(vectors_, width_);
  }

  struct Hit {
    size_t document;
    float score;  // cosine
  };
  std::vector<Hit> nearest(std::span<const float> query, size_t most) const {
    std::vector<Hit> hits(texts_->size());
    for (size_t d = 0; d < hits.size(); ++d) {
      const float* row = vectors_.data() + d * width_;
      hits[d] = {d, std::inner_product(row, row + width_, query.begin(), 0.0F)};
    }
    const auto end = hits.begin() + static_cast<std::ptrdiff_t>(std::min(most, hits.size()));
    std::partial_sort(hits.begin(), end, hits.end(), [](const Hit& a, const Hit& b) {
      return a.score != b.score ? a.score > b.score : a.document < b.document;
    });
    hits.erase(end, hits.end());
    return hits;
  }
  data::ExampleView text(size_t document) const { return texts_->view(document); }

 private:
  size_t width_;
  std::shared_ptr<const data::Examples> texts_;
  std::vector<float> vectors_;
};

std::string as_json(const data::Example& query, const std::vector<Documents::Hit>& hits, const Documents& documents) {
  Json line = Json::object();
  if (!query.id.empty()) line["id"] = query.id;
  line["query"] = query.text;
  Json& list = line["documents"] = Json::array();
  for (const auto& hit : hits)
    list.push_back({{"id", std::string(documents.text(hit.document).id)},
                    {"score", hit.score},
                    {"text", std::string(documents.text(hit.document).text)}});
  return json_line(line);
}

std::string as_text(const data::Example& query, const std::vector<Documents::Hit>& hits, const Documents& documents) {
  report::Columns columns;
  columns.column("", report::Align::left)
      .column("score")
      .column("id", report::Align::left)
      .column("text", report::Align::left, report::Cut::end);
  for (size_t i = 0; i < hits.size(); ++i) {
    const data::ExampleView text = documents.text(hits[i].document);
    columns.row({std::to_string(i + 1), report::fixed(static_cast<double>(hits[i].score), 3), std::string(text.id),
                 std::string(text.text)});
  }
  return query.text + "\n" + columns.text(100) + "\n";
}

}  // namespace

int run_search(const ArgumentList& arguments) {
  SearchOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 1);
  if (parsed.help) {
    put(help_text("attune search --model MODEL --corpus FILE [--query TEXT | FILE] [options]",
                  "Finds the documents that are nearest to a query by meaning: those whose vectors have the highest "
                  "cosine with its own\n(score). The corpus is embedded first, then compared whole with every query.",
                  list));
    return 0;
  }
  if (!options.read.corpus)
    fail(ErrorKind::usage, "--corpus is missing: the documents to search, with columns id and text");
  const auto kernels = kernels::cpu::make_kernels(choose_threads(options.inference.threads).threads);
  tasks::ModelBundle bundle = options.inference.open();
  check_embeds(bundle, options.inference.model);
  train::Predictor asking(bundle, *kernels, options.inference.batch_size);
  bundle.encode.query_prefix = bundle.encode.passage_prefix;
  train::Predictor answering(bundle, *kernels, options.inference.batch_size);
  const Documents documents(options, bundle, answering);
  const auto width = static_cast<size_t>(bundle.logit_count());
  const auto answer = [&](std::span<const data::Example> queries, std::span<const float> vectors) {
    std::vector<float> units(vectors.begin(), vectors.end());
    tasks::scale_to_unit_rows(units, width);
    for (size_t i = 0; i < queries.size(); ++i) {
      const auto hits = documents.nearest(std::span(units).subspan(i * width, width), static_cast<size_t>(options.top));
      put(options.json ? as_json(queries[i], hits, documents) : as_text(queries[i], hits, documents));
    }
    flush_output();
  };
  if (options.query.empty()) {
    each_vector(asking, parsed.positional.empty() ? "-" : parsed.positional[0], options.read, answer);
    return 0;
  }
  std::vector<data::Example> queries(options.query.size());
  for (size_t i = 0; i < queries.size(); ++i) queries[i].text = options.query[i];
  answer(queries, vectors_of(asking, queries));
  return 0;
}

}  // namespace attune::cli
