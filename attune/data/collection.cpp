#include "attune/data/collection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/data/open_records.h"

namespace attune::data {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kTextIds[] = {"id",        "_id", "doc_id",   "docid",    "document_id",
                                         "corpus-id", "pid", "query_id", "query-id", "qid"};
// A name that stands earlier wins.
constexpr std::string_view kTexts[] = {"text",    "question", "query",    "passage", "document",
                                       "content", "body",     "sentence", "title"};
constexpr std::string_view kQueryIds[] = {"query_id", "query-id", "qid", "queryid"};
constexpr std::string_view kDocumentIds[] = {"doc_id", "corpus-id", "docid", "corpus_id", "document_id", "pid"};
constexpr std::string_view kRelevance[] = {"relevance", "score", "rel", "label"};

// A file's records, with columns asked for by name. Those of JSONL grow with the rows.
class Table {
 public:
  Table(const std::string& path, const ReadOptions& options)
      : records_(open_records(path, options, TargetKind::texts, TargetNeed::ignored)) {}

  bool next() { return records_->next(record_); }
  std::string where() const { return records_->name() + " line " + std::to_string(record_.line); }
  int64_t line() const { return record_.line; }
  std::string columns() const { return fmt::format("'{}'", fmt::join(records_->columns(), "', '")); }

  int find(std::string_view name) const {
    const auto& columns = records_->columns();
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const std::string& c) {
      return std::ranges::equal(trimmed(c), name, {}, [](char x) { return x >= 'A' && x <= 'Z' ? char(x + 32) : x; });
    });
    return found == columns.end() ? -1 : static_cast<int>(found - columns.begin());
  }
  int first_of(Names names) const {
    for (const auto name : names)
      if (const int at = find(name); at >= 0) return at;
    return -1;
  }
  int must_find(Names names, const char* what) const {
    const int at = first_of(names);
    if (at < 0)
      fail(ErrorKind::input, "{}: there is no column of the {}; expected '{}'. Its columns are {}", where(), what,
           names[0], columns());
    return at;
  }
  int named(const std::string& name, const char* option) const {
    const auto& columns = records_->columns();
    const auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end())
      fail(ErrorKind::input, "{}: {}: there is no column '{}'{}{} its columns are {}", where(), option, name,
           did_you_mean(name, columns), nearest(name, columns).empty() ? ";" : "", this->columns());
    return static_cast<int>(found - columns.begin());
  }
  // Of the row in hand; a list is joined by blanks; "" where there is nothing.
  std::string text(int column) const {
    if (column < 0 || static_cast<size_t>(column) >= record_.values.size()) return "";
    const Value& value = record_.values[static_cast<size_t>(column)];
    if (value.kind == Value::Kind::object)
      fail(ErrorKind::input, "{}: '{}' holds an object; expected a text", where(),
           records_->columns()[static_cast<size_t>(column)]);
    return value.kind == Value::Kind::list ? fmt::format("{}", fmt::join(value.items, " ")) : value.text;
  }

 private:
  std::unique_ptr<RecordReader> records_;
  Record record_;
};

std::string joined_text(const Table& table, const std::vector<std::string>& columns, const char* option) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() || part.empty() ? "" : " ") + part; };
  if (!columns.empty()) {
    for (const std::string& name : columns) add(table.text(table.named(name, option)));
    return text;
  }
  const int own = table.must_find(kTexts, "text");
  if (const int title = table.find("title"); title >= 0 && title != own && own == table.find("text"))
    add(table.text(title));
  add(table.text(own));
  return text;
}

double relevance_of(const Table& table, int column) {
  if (column < 0) return 1;
  const std::string text = table.text(column);
  const std::string_view digits = trimmed(text);
  double value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value))
    fail(ErrorKind::input, "{}: the relevance is '{}'; expected a number, 0 for a document that does not answer",
         table.where(), text);
  return value;
}

int32_t row_of(const TextsById& texts, const std::string& id, const Table& table, const char* what) {
  const auto found = texts.rows.find(id);
  if (found == texts.rows.end())
    fail(ErrorKind::input, "{}: the {} '{}' is not in {}", table.where(), what, id, texts.file);
  return found->second;
}

}  // namespace

TextsById read_texts_by_id(const std::string& path, const std::vector<std::string>& columns, const ReadOptions& options,
                           const char* what, const std::filesystem::path& scratch) {
  TextsById read{.file = path, .texts = nullptr, .rows = {}};
  auto texts = std::make_shared<Examples>(scratch);
  with_context([&] { return fmt::format("in {}", what); },
               [&] {
                 Table table(path, options);
                 while (table.next()) {
                   Example example;
                   example.origin.line = table.line();
                   example.id = trimmed(table.text(table.must_find(kTextIds, "id")));
                   if (example.id.empty()) fail(ErrorKind::input, "{}: the id is empty", table.where());
                   example.text = joined_text(table, columns, "--corpus-text");
                   if (trimmed(example.text).empty())
                     fail(ErrorKind::input, "{}: the text of '{}' is empty; fill it in or remove the row",
                          table.where(), example.id);
                   if (!read.rows.emplace(example.id, static_cast<int32_t>(texts->size())).second)
                     fail(ErrorKind::input, "{}: the id '{}' stands there twice", table.where(), example.id);
                   texts->push_back(example);
                 }
                 if (texts->empty()) fail(ErrorKind::input, "{} has no rows; expected at least one", path);
               });
  texts->seal();
  read.texts = std::move(texts);
  return read;
}

Collection read_collection(const ReadOptions& options, const std::filesystem::path& scratch) {
  if (!options.corpus || !options.queries)
    fail(ErrorKind::usage,
         "--corpus and --queries go together: the data files judge documents for queries; {} is missing",
         options.corpus ? "--queries" : "--corpus");
  return {.documents = read_texts_by_id(*options.corpus, options.corpus_text, options, "--corpus", scratch),
          .queries = read_texts_by_id(*options.queries, {}, options, "--queries", scratch)};
}

Dataset read_judgements(const std::vector<std::string>& paths, const Collection& collection, const ReadOptions& options,
                        const std::filesystem::path& scratch) {
  Dataset dataset;
  dataset.examples = Examples(scratch);
  dataset.shape = TextShape::pairs;
  dataset.corpus = collection.documents.texts;
  Example query, document;
  for (const std::string& path : paths) {
    const auto file = static_cast<int32_t>(dataset.files.size());
    dataset.files.push_back(path == "-" ? "standard input" : path);
    const size_t before = dataset.examples.size();
    int64_t judged = 0;
    Table table(path, options);
    while (table.next()) {
      ++judged;
      const std::string query_id(trimmed(table.text(table.must_find(kQueryIds, "query"))));
      const std::string document_id(trimmed(table.text(table.must_find(kDocumentIds, "document"))));
      const int32_t q = row_of(collection.queries, query_id, table, "query");
      const int32_t d = row_of(collection.documents, document_id, table, "document");
      const double relevance = relevance_of(table, table.first_of(kRelevance));
      if (relevance <= 0) continue;
      collection.queries.texts->read(static_cast<size_t>(q), query);
      collection.documents.texts->read(static_cast<size_t>(d), document);
      Example row;
      row.text = query.text, row.text_pair = document.text, row.has_pair = true;
      row.id = query_id, row.score = relevance;
      row.origin = {file, table.line()};
      dataset.examples.push_back(row);
    }
    const auto kept = static_cast<int64_t>(dataset.examples.size() - before);
    if (kept == 0)
      fail(ErrorKind::input, "{} judges no document to answer a query; expected rows with a relevance above 0", path);
    dataset.notes.push_back(fmt::format("{}: {} judgements{}, {} documents in {}", path, judged,
                                        kept < judged ? fmt::format(", of which {} above 0", kept) : "",
                                        collection.documents.texts->size(), collection.documents.file));
  }
  dataset.examples.seal();
  return dataset;
}

}  // namespace attune::data
