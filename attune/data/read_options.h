// How to read data files: the options all commands share.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attune/base/options.h"
#include "attune/data/example.h"

namespace attune::data {

enum class TargetNeed {
  required,  // training and evaluation: a row without a target is an error
  optional,  // prediction: a target is read where there is one
  ignored,   // prediction: columns of targets are not even looked for
};

struct ReadOptions {
  std::string format = "auto";  // auto: by the file's extension (see detect_format)
  std::optional<std::string> text, text_pair, weight, id;
  std::vector<std::string> label;     // several: 0/1 columns of a multi-label task
  std::vector<std::string> negative;  // embedding: columns of texts that do not belong to the first
  // Embedding: the data files are judgements (query, document, relevance) of these; see collection.h
  std::optional<std::string> corpus, queries;
  std::vector<std::string> corpus_text;  // its columns, joined; empty: by usual names
  std::string label_separator = "|";
  std::string separator;  // of fields; empty: comma for csv, tab for tsv
  bool header = true;
  bool quotes = true;
  std::string tag_scheme = "auto";
  bool strict_tags = false;

  void visit(OptionList& list);
  // Those that matter where only texts are read; with_corpus: and a corpus to search.
  void visit_texts(OptionList& list, bool with_corpus = false);

 private:
  void visit_format(OptionList& list);
  void visit_corpus_text(OptionList& list);
  void visit_table(OptionList& list);
};

}  // namespace attune::data
