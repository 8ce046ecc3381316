#include "attune/data/read_options.h"

namespace attune::data {

void ReadOptions::visit_texts(OptionList& list, bool with_corpus) {
  list.group("Data");
  visit_format(list);
  list.add("text", text, {.help = "column of the text", .placeholder = "COLUMN"});
  if (with_corpus) {
    list.add("corpus", corpus, {.help = "the documents that are searched: columns id and text", .placeholder = "FILE"});
    visit_corpus_text(list);
  }
  list.add("id", id, {.help = "column of the texts' ids", .placeholder = "COLUMN"});
  visit_table(list);
}

void ReadOptions::visit_format(OptionList& list) {
  list.add("format", format,
           {.help = "format of the data files; auto: by extension",
            .choices = {"auto", "csv", "tsv", "jsonl", "conll", "text"}});
}

void ReadOptions::visit_corpus_text(OptionList& list) {
  list.add("corpus-text", corpus_text,
           {.help = "column of a document's text; repeated: joined by a blank (default: by usual names)",
            .placeholder = "COLUMN"});
}

void ReadOptions::visit_table(OptionList& list) {
  list.add("separator", separator, {.help = "between the fields of a CSV file, one character"});
  list.add("header", header, {.help = "CSV and TSV begin with a header line; off: columns are named 1, 2, ..."});
  list.add("quotes", quotes, {.help = "quotes enclose CSV and TSV fields"});
}

void ReadOptions::visit(OptionList& list) {
  list.group("Data");
  visit_format(list);
  list.add("text", text, {.help = "column of the text (CoNLL: number of the word's column)", .placeholder = "COLUMN"});
  list.add("text-pair", text_pair,
           {.help = "column of the second text of a pair; embed: of the text that belongs to the first",
            .placeholder = "COLUMN"});
  list.add("label", label,
           {.help = "column of the target (CoNLL: number of the tag's column, the last by default); repeated: 0/1 "
                    "columns of a multi-label task; embed: of a pair's score, or of a single text's label",
            .placeholder = "COLUMN"});
  list.add("negative", negative,
           {.help = "embed: column of a text that does not belong to the first one; repeated: several",
            .placeholder = "COLUMN"});
  list.add("corpus", corpus,
           {.help = "embed: documents (columns id, text); the data files then say which answers which query (columns "
                    "query_id, doc_id, relevance)",
            .placeholder = "FILE"});
  list.add("queries", queries,
           {.help = "embed: the queries (columns id, text), together with --corpus", .placeholder = "FILE"});
  visit_corpus_text(list);
  list.add("weight", weight, {.help = "column of row weights", .placeholder = "COLUMN"});
  list.add("id", id, {.help = "column of row ids", .placeholder = "COLUMN"});
  list.add("label-separator", label_separator, {.help = "between the labels of a multi-label CSV cell"});
  visit_table(list);
  list.add("tag-scheme", tag_scheme,
           {.help = "how entities are written as tags; converted to IOB2",
            .choices = {"auto", "iob1", "iob2", "iobes", "plain"}});
  list.add("strict-tags", strict_tags, {.help = "an I- tag without B- in an IOB2 file is an error, not repaired"});
}

}  // namespace attune::data
