#include "attune/train/ladder_search.h"

#include "attune/baselines/bm25.h"
#include "attune/tasks/search.h"
#include "attune/train/clock.h"

namespace attune::train {
namespace {

// The same queries, documents and answers as tasks/search_scorer has them, told apart by their texts.
tasks::Evaluation by_words(const Split& split, const metrics::BootstrapOptions& bootstrap) {
  tasks::Search search;
  baselines::Bm25 index;
  const auto add_document = [&](std::string_view text, tasks::TextPlace place) {
    const int64_t document = search.document(data::text_hash(text), place);
    if (document == index.documents()) index.add(text);
    return document;
  };
  if (split.data.corpus)
    for (size_t d = 0; d < split.data.corpus->size(); ++d)
      add_document(split.data.corpus->view(d).text, {static_cast<int64_t>(d), -1});
  data::Example row;
  for (size_t i = 0; i < split.data.examples.size(); ++i) {
    split.data.examples.read(i, row);
    const auto at = static_cast<int64_t>(i);
    const int64_t query = search.query(data::text_hash(row.text), {at, 0});
    search.answer(query, {add_document(row.text_pair, {at, 1}), row.score});
    for (size_t n = 0; n < row.negatives.size(); ++n) add_document(row.negatives[n], {at, static_cast<int32_t>(n) + 2});
  }
  std::vector<float> scores(static_cast<size_t>(search.documents()));
  for (int64_t query = 0; query < search.queries(); ++query) {
    index.score(split.data.examples.view(static_cast<size_t>(search.query_place(query).row)).text, scores);
    search.rank(query, scores);
  }
  return search.judged(bootstrap);
}

}  // namespace

report::Ladder climb_search(const LadderInputs& in) {
  report::Ladder ladder{.metric = tasks::default_metric(*in.untrained.task, in.judged.targets.shape()),
                        .split = in.judged.name};
  if (in.judged.targets.shape() == data::TextShape::pairs) {
    const auto start = Clock::now();
    const tasks::Evaluation words = by_words(in.judged, in.bootstrap);
    ladder.rows.push_back(rung("words in common (BM25)", ladder.metric, words, seconds_since(start)));
  }
  const auto start = Clock::now();
  const auto before = evaluate(in.untrained, in.kernels, in.judged,
                               {.batch_size = in.batch_size, .bootstrap = in.bootstrap, .stop = in.stop});
  if (before) ladder.rows.push_back(rung("untrained encoder", ladder.metric, *before, seconds_since(start)));
  return ladder;
}

}  // namespace attune::train
