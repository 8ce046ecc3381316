// CoNLL columns and tag schemes: sentences have one tag a word, and converted tags are IOB2 (converting again changes
// nothing).
#include "attune/data/conll.h"

#include <cstdlib>
#include <sstream>

#include "attune/base/error.h"
#include "attune/data/tag_scheme.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace attune::data;
  std::istringstream stream(std::string(reinterpret_cast<const char*>(bytes), size));
  try {
    ConllReader reader(LineReader(stream, "fuzz.conll"));
    TagSchemeDetector detector;
    std::vector<std::vector<std::string>> sentences;
    for (Record record; reader.next(record);) {
      if (record.values.front().items.size() != record.values.back().items.size()) std::abort();
      sentences.push_back(record.values.back().items);
      Example sentence;
      sentence.labels = sentences.back();
      detector.add(sentence);
    }
    for (auto& tags : sentences) {
      TagCounts counts, again;
      convert_to_iob2(tags, detector.scheme(), counts);
      const auto once = tags;
      if (detector.scheme() != TagScheme::plain) convert_to_iob2(tags, TagScheme::iob2, again);
      if (tags != once || again.repaired != 0) std::abort();
    }
  } catch (const attune::Error& error) {
    if (error.kind() != attune::ErrorKind::input) std::abort();
  }
  return 0;
}
