// Documents, queries, and files that judge which documents answer which query: as search benchmarks keep them (BEIR,
// TREC). Judgements become rows of an embedding task: a query and a document that answers it.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "attune/data/dataset.h"

namespace attune::data {

// Texts with ids, found by them.
struct TextsById {
  std::string file;
  std::shared_ptr<const Examples> texts;
  std::unordered_map<std::string, int32_t> rows;
};

// Reads ids and texts. Columns of the id: id, _id, doc_id, query_id and their like; of the text: those of `columns`,
// joined by a blank, else text (after the title where there is one), question, query, passage and their like; a list of
// texts is joined by blanks. Errors (input): no such column, a missing or repeated id, a missing text, each with file
// and line; usage: `what` (--corpus) names a file that cannot be read.
TextsById read_texts_by_id(const std::string& path, const std::vector<std::string>& columns, const ReadOptions& options,
                           const char* what, const std::filesystem::path& scratch);

struct Collection {
  TextsById documents, queries;
};
// options.corpus and options.queries. Errors: as read_texts_by_id; usage: one of them is missing.
Collection read_collection(const ReadOptions& options, const std::filesystem::path& scratch);

// One row a judgement with a relevance above 0: text: the query's, text_pair: the document's, score: the relevance (1
// without a column of it), id: the query's. Dataset::shape is pairs, Dataset::corpus the documents. Columns: query_id,
// query-id, qid; doc_id, corpus-id, docid; relevance, score, rel. Errors (input): columns that are missing, an id that
// the collection lacks, a relevance that is no number, no row; each with file, line, value.
Dataset read_judgements(const std::vector<std::string>& paths, const Collection& collection, const ReadOptions& options,
                        const std::filesystem::path& scratch);

}  // namespace attune::data
