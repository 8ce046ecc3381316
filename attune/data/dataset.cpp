#include "attune/data/dataset.h"

#include <filesystem>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/data/collection.h"
#include "attune/data/example_reader.h"
#include "attune/data/open_records.h"
#include "attune/data/tag_scheme.h"

namespace attune::data {
namespace {

TagScheme declared_or_found(const TagSchemeDetector& detector, const ReadOptions& options, const Dataset& dataset) {
  if (options.tag_scheme == "plain") return TagScheme::plain;
  if (const auto stray = detector.stray())
    fail(ErrorKind::input,
         "{}: the tag '{}' has no prefix, but others have (B-, I-); correct it, or pass --tag-scheme "
         "plain if these tags are no entities",
         dataset.describe(stray->origin), stray->tag);
  if (options.tag_scheme == "iob1") return TagScheme::iob1;
  if (options.tag_scheme == "iob2") return TagScheme::iob2;
  if (options.tag_scheme == "iobes") return TagScheme::iobes;
  return detector.scheme();
}

// What was found in a file's tags and done to them.
void note_tags(Dataset& dataset, const std::string& file, const TagCounts& counts, TagScheme scheme,
               const TagSchemeDetector& detector, const ReadOptions& options) {
  if (counts.converted)
    dataset.notes.push_back(fmt::format("{}: tags are {}{}; {} of {} rewritten as IOB2", file, name(scheme),
                                        options.tag_scheme == "auto" ? " (recognised)" : "", counts.converted,
                                        counts.words));
  if (counts.repaired)
    dataset.notes.push_back(
        fmt::format("{}: {} I- tag{} continued no entity and became B- (first: {}, '{}'); "
                    "--strict-tags makes this an error",
                    file, counts.repaired, counts.repaired == 1 ? "" : "s",
                    detector.first_orphan() ? dataset.describe(detector.first_orphan()->origin) : file,
                    detector.first_orphan() ? detector.first_orphan()->tag : "I-"));
  dataset.tags.sentences += counts.sentences;
  dataset.tags.words += counts.words;
  dataset.tags.converted += counts.converted;
  dataset.tags.repaired += counts.repaired;
}

// Adds the sentences of one file, their tags converted.
void add_converted(Dataset& dataset, const Examples& sentences, const TagSchemeDetector& detector,
                   const ReadOptions& options) {
  const TagScheme scheme = declared_or_found(detector, options, dataset);
  if (options.strict_tags && scheme == TagScheme::iob2 && detector.first_orphan()) {
    const auto& orphan = *detector.first_orphan();
    fail(ErrorKind::input,
         "{}: '{}' continues no entity of its type (one of {} such tags); expected B- at the beginning "
         "of an entity, as IOB2 has it: correct the file, or leave out --strict-tags to have them repaired",
         dataset.describe(orphan.origin), orphan.tag, detector.orphans());
  }
  TagCounts counts;
  Example sentence;
  for (size_t row = 0; row < sentences.size(); ++row) {
    sentences.read(row, sentence);
    convert_to_iob2(sentence.labels, scheme, counts);
    dataset.examples.push_back(sentence);
  }
  note_tags(dataset, dataset.files.back(), counts, scheme, detector, options);
}

// For a disk that is full.
std::string kept_there(const std::string& path) {
  std::error_code unknown;
  const auto bytes = std::filesystem::file_size(path, unknown);
  return fmt::format(
      "the rows of {}{} are kept there while they are used, and their pieces: in all about the file's size, 100 bytes "
      "a "
      "row and five a piece. Free some space, or name a place with more room: --out for training, TMPDIR=FOLDER before "
      "`attune eval` and `attune data`",
      path, unknown ? "" : fmt::format(" ({} bytes)", bytes));
}

// Sentences to be tagged wait in a set of their own: their scheme is known at the file's end.
void read_file_into(Dataset& dataset, const std::string& path, TargetKind target, const ReadOptions& options,
                    TargetNeed need) {
  const auto file = static_cast<int32_t>(dataset.files.size());
  dataset.files.push_back(path == "-" ? "standard input" : path);
  ExampleReader reader(open_records(path, options, target, need), target, need, options, file);
  Examples sentences(target == TargetKind::tags ? dataset.examples.folder() : std::filesystem::path());
  Examples& rows = target == TargetKind::tags ? sentences : dataset.examples;
  const size_t before = rows.size();
  TagSchemeDetector detector;
  bool tagged = false;
  for (Example example; reader.next(example);) {
    if (rows.size() == before) tagged = target == TargetKind::tags && example.has_target;
    if (tagged) detector.add(example);
    with_context([&] { return kept_there(path); }, [&] { rows.push_back(example); });
  }
  if (rows.size() == before) {
    const std::string why = reader.records().emptiness();
    fail(ErrorKind::input, "{} has no rows{}{}; expected at least one", path, why.empty() ? "" : ": ", why);
  }
  dataset.notes.insert(dataset.notes.end(), reader.notes().begin(), reader.notes().end());
  if (file > 0 && reader.shape() != dataset.shape)
    fail(ErrorKind::input, "{} holds {}, {} holds {}; rows of one data set are of one kind", dataset.files[0],
         name(dataset.shape), path, name(reader.shape()));
  dataset.shape = reader.shape();
  if (target != TargetKind::tags) return;
  sentences.seal();
  if (tagged) return add_converted(dataset, sentences, detector, options);
  for (const Example& sentence : sentences) dataset.examples.push_back(sentence);
}

}  // namespace

Dataset read_dataset(const std::vector<std::string>& paths, TargetKind target, const ReadOptions& options,
                     TargetNeed need, const std::filesystem::path& scratch) {
  if (paths.empty()) fail(ErrorKind::usage, "no data file is given");
  if (options.corpus || options.queries) {
    if (target != TargetKind::texts)
      fail(ErrorKind::usage, "--corpus and --queries are for --task embed; leave them out");
    return read_judgements(paths, read_collection(options, scratch), options, scratch);
  }
  Dataset dataset;
  dataset.examples = Examples(scratch);
  for (const auto& path : paths) read_file_into(dataset, path, target, options, need);
  dataset.examples.seal();
  return dataset;
}

std::string fingerprint_files(const std::vector<std::string>& paths) {
  std::string whole = fmt::format("files {}\n", paths.size());
  for (const auto& path : paths) {
    const std::string digest = sha256_file(path);
    whole += fmt::format("{} {}\n", std::filesystem::file_size(path), digest);
  }
  return sha256_hex(whole);
}

}  // namespace attune::data
