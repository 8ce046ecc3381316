#include "attune/selection/measure/clusters.h"

#include <algorithm>

#include "attune/selection/measure/clusters_fold.h"
#include "attune/selection/measure/clusters_links.h"
#include "attune/selection/measure/clusters_long.h"
#include "attune/selection/measure/clusters_short.h"

namespace attune::selection {

Clusters find_clusters(const data::Examples& rows) {
  const FoldedTexts texts(rows);
  NearLinks links(texts.size());
  link_short_texts(texts, links);
  link_long_texts(texts, links);

  Clusters clusters;
  for (int32_t row = 0; row < static_cast<int32_t>(rows.size()); ++row) {
    const int32_t text = texts.of_row()[static_cast<size_t>(row)];
    // Texts are numbered as their first rows are, so the smallest text has the smallest row.
    clusters.of_row.push_back(texts.first_row(links.root(text)));
    if (texts.first_row(text) == row) {
      clusters.near_rows += links.follows(text);
      continue;
    }
    ++clusters.exact_rows;
    clusters.pairs.push_back({texts.first_row(text), row, true});
  }
  for (const auto& [first, second] : links.pairs())
    clusters.pairs.push_back({texts.first_row(first), texts.first_row(second), false});
  std::sort(clusters.pairs.begin(), clusters.pairs.end(), [](const NearPair& a, const NearPair& b) {
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  return clusters;
}

}  // namespace attune::selection
