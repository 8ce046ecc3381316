#include "attune/data/read_options.h"

namespace attune::data {

void ReadOptions::visit(OptionList& list) {
  list.group("Data");
  list.add("format", format,
           {.help = "format of the data files; auto: by extension",
            .choices = {"auto", "csv", "tsv", "jsonl", "conll", "text"}});
  list.add("text", text, {.help = "column of the text (CoNLL: number of the word's column)", .placeholder = "COLUMN"});
  list.add("text-pair", text_pair, {.help = "column of the second text of a pair", .placeholder = "COLUMN"});
  list.add("label", label,
           {.help = "column of the target (CoNLL: number of the tag's column, the last by default); repeated: 0/1 "
                    "columns of a multi-label task",
            .placeholder = "COLUMN"});
  list.add("negative", negative,
           {.help = "embed: column of a text that does not belong to the first one; repeated: several",
            .placeholder = "COLUMN"});
  list.add("corpus", corpus,
           {.help = "embed: the documents (id, text); the data files then judge them: query_id, doc_id, relevance",
            .placeholder = "FILE"});
  list.add("queries", queries, {.help = "embed: the queries (id, text) that the data files judge", .placeholder = "FILE"});
  list.add("corpus-text", corpus_text,
           {.help = "column of a document's text; repeated: joined by a blank", .placeholder = "COLUMN"});
  list.add("weight", weight, {.help = "column of row weights", .placeholder = "COLUMN"});
  list.add("id", id, {.help = "column of row ids", .placeholder = "COLUMN"});
  list.add("label-separator", label_separator, {.help = "between the labels of a multi-label CSV cell"});
  list.add("separator", separator, {.help = "between the fields of a CSV file, one character"});
  list.add("header", header, {.help = "CSV and TSV begin with a header line; off: columns are named 1, 2, ..."});
  list.add("quotes", quotes, {.help = "quotes enclose CSV and TSV fields"});
  list.add("tag-scheme", tag_scheme,
           {.help = "how entities are written as tags; converted to IOB2",
            .choices = {"auto", "iob1", "iob2", "iobes", "plain"}});
  list.add("strict-tags", strict_tags, {.help = "an I- tag without B- in an IOB2 file is an error, not repaired"});
}

}  // namespace attune::data
