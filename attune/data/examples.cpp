#include "attune/data/examples.h"

#include <bit>
#include <cstring>
#include <unordered_map>

#include "attune/base/column.h"
#include "attune/base/error.h"
#include "attune/base/rng.h"

namespace attune::data {
namespace {

// How a row lies in the file: this; score, weight, size of the pair, of the id, and words, each only if its flag is
// set; the texts; the labels' numbers; the words' sizes, places and letters; the negatives' sizes and letters.
struct Head {
  uint64_t hash;
  int64_t line;
  int32_t file;
  uint32_t text;    // bytes
  uint32_t labels;  // how many
  uint32_t flags;
};
enum Flag : uint32_t {
  kPair = 1,
  kTarget = 2,
  kLineAWord = 4,
  kScore = 8,
  kWeight = 16,
  kPairText = 32,
  kId = 64,
  kWords = 128,
  kNegatives = 256
};

struct WordHead {
  uint32_t bytes;
  WordSpan span;
};

template <class T>
void put(std::vector<std::byte>& out, const T& value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof(T));
}
void put_text(std::vector<std::byte>& out, std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  out.insert(out.end(), bytes, bytes + text.size());
}
uint32_t size_of(std::string_view text) {
  ATTUNE_CHECK(text.size() <= UINT32_MAX, "a text of {} bytes", text.size());
  return static_cast<uint32_t>(text.size());
}

// Takes what was put, in the same order.
class Cursor {
 public:
  explicit Cursor(const std::byte* at) : at_(at) {}
  template <class T>
  T take() {
    T value;
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::string_view take_text(size_t bytes) {
    const std::string_view text(reinterpret_cast<const char*>(at_), bytes);
    at_ += bytes;
    return text;
  }
  const std::byte* at() const { return at_; }

 private:
  const std::byte* at_;
};

}  // namespace

struct Examples::Storage {
  explicit Storage(std::filesystem::path where) : folder(std::move(where)), bytes(folder), ends(folder) {}

  int32_t number_of(const std::string& label) {
    const auto [found, fresh] = numbers.try_emplace(label, static_cast<int32_t>(names.size()));
    if (fresh) names.push_back(label);
    return found->second;
  }

  std::filesystem::path folder;
  Column<std::byte> bytes;
  Column<int64_t> ends;  // row i ends before ends[i], where the next one begins
  std::unordered_map<std::string, int32_t> numbers;
  std::vector<std::string> names;
  std::vector<std::byte> row;  // the one being added
};

Examples::Examples() : Examples(std::filesystem::path()) {}
Examples::Examples(std::filesystem::path folder) : storage_(std::make_shared<Storage>(std::move(folder))) {}
Examples::Examples(const std::vector<Example>& rows) : Examples() {
  for (const Example& row : rows) push_back(row);
}

size_t Examples::size() const {
  return is_part_ ? rows_.size() : static_cast<size_t>(storage_->ends.size());
}
const std::vector<std::string>& Examples::label_names() const {
  return storage_->names;
}
const std::filesystem::path& Examples::folder() const {
  return storage_->folder;
}

void Examples::push_back(const Example& example) {
  ATTUNE_CHECK(!is_part_ && storage_.use_count() == 1, "rows are added while parts share them");
  ATTUNE_CHECK(example.word_spans.empty() || example.word_spans.size() == example.words.size(),
               "{} places for {} words", example.word_spans.size(), example.words.size());
  std::vector<std::byte>& row = storage_->row;
  row.clear();
  const auto flag = [](Flag one, bool set) { return set ? uint32_t{one} : 0; };
  const uint32_t flags =
      flag(kPair, example.has_pair) | flag(kTarget, example.has_target) | flag(kLineAWord, example.line_a_word) |
      flag(kScore, std::bit_cast<uint64_t>(example.score) != 0) | flag(kWeight, example.weight != 1) |
      flag(kPairText, !example.text_pair.empty()) | flag(kId, !example.id.empty()) |
      flag(kWords, !example.words.empty()) | flag(kNegatives, !example.negatives.empty());
  put(row, Head{.hash = input_hash(example),
                .line = example.origin.line,
                .file = example.origin.file,
                .text = size_of(example.text),
                .labels = static_cast<uint32_t>(example.labels.size()),
                .flags = flags});
  if (flags & kScore) put(row, example.score);
  if (flags & kWeight) put(row, example.weight);
  if (flags & kPairText) put(row, size_of(example.text_pair));
  if (flags & kId) put(row, size_of(example.id));
  if (flags & kWords) put(row, static_cast<uint32_t>(example.words.size()));
  if (flags & kNegatives) put(row, static_cast<uint32_t>(example.negatives.size()));
  put_text(row, example.text);
  put_text(row, example.text_pair);
  put_text(row, example.id);
  for (const std::string& label : example.labels) put(row, storage_->number_of(label));
  for (size_t w = 0; w < example.words.size(); ++w)
    put(row,
        WordHead{size_of(example.words[w]), example.word_spans.empty() ? WordSpan{-1, -1} : example.word_spans[w]});
  for (const std::string& word : example.words) put_text(row, word);
  for (const std::string& negative : example.negatives) put(row, size_of(negative));
  for (const std::string& negative : example.negatives) put_text(row, negative);
  storage_->bytes.append(row);
  storage_->ends.push_back(storage_->bytes.size());
}

void Examples::seal() {
  storage_->bytes.seal(), storage_->ends.seal();
}

void Examples::let_go() const {
  storage_->bytes.let_go(), storage_->ends.let_go();
}

ExampleView Examples::view(size_t row) const {
  const int64_t at = is_part_ ? rows_[row] : static_cast<int64_t>(row);
  Cursor cursor(&storage_->bytes[at == 0 ? 0 : storage_->ends[at - 1]]);
  const auto head = cursor.take<Head>();
  ExampleView view;
  view.input_hash = head.hash;
  view.origin = {head.file, head.line};
  view.has_pair = head.flags & kPair, view.has_target = head.flags & kTarget;
  view.line_a_word = head.flags & kLineAWord;
  if (head.flags & kScore) view.score = cursor.take<double>();
  if (head.flags & kWeight) view.weight = cursor.take<double>();
  const uint32_t pair = head.flags & kPairText ? cursor.take<uint32_t>() : 0;
  const uint32_t id = head.flags & kId ? cursor.take<uint32_t>() : 0;
  view.word_count = head.flags & kWords ? cursor.take<int32_t>() : 0;
  view.negative_count = head.flags & kNegatives ? cursor.take<int32_t>() : 0;
  view.text = cursor.take_text(head.text);
  view.text_pair = cursor.take_text(pair);
  view.id = cursor.take_text(id);
  view.label_count = static_cast<int32_t>(head.labels);
  view.labels = cursor.at();
  view.words = view.labels + head.labels * sizeof(int32_t);
  return view;
}

int32_t ExampleView::label(int32_t i) const {
  return Cursor(labels + static_cast<size_t>(i) * sizeof(int32_t)).take<int32_t>();
}

void Examples::read(size_t row, Example& into) const {
  const ExampleView view = this->view(row);
  into.text.assign(view.text), into.text_pair.assign(view.text_pair), into.id.assign(view.id);
  into.has_pair = view.has_pair, into.has_target = view.has_target, into.line_a_word = view.line_a_word;
  into.score = view.score, into.weight = view.weight;
  into.origin = view.origin;
  into.labels.resize(static_cast<size_t>(view.label_count));
  for (int32_t i = 0; i < view.label_count; ++i) into.labels[static_cast<size_t>(i)].assign(label_of(view, i));
  const auto words = static_cast<size_t>(view.word_count);
  into.words.resize(words), into.word_spans.clear();
  Cursor heads(view.words), letters(view.words + words * sizeof(WordHead));
  for (size_t w = 0; w < words; ++w) {
    const auto head = heads.take<WordHead>();
    into.words[w].assign(letters.take_text(head.bytes));
    if (head.span.begin >= 0) into.word_spans.push_back(head.span);
  }
  const auto negatives = static_cast<size_t>(view.negative_count);
  into.negatives.resize(negatives);
  Cursor sizes(letters.at()), texts(letters.at() + negatives * sizeof(uint32_t));
  for (std::string& negative : into.negatives) negative.assign(texts.take_text(sizes.take<uint32_t>()));
}

const Example Examples::operator[](size_t row) const {
  Example example;
  read(row, example);
  return example;
}

Examples Examples::part(std::vector<int32_t> rows) const {
  if (is_part_)
    for (int32_t& row : rows) row = rows_[static_cast<size_t>(row)];
  Examples part(*this);
  part.is_part_ = true;
  part.rows_ = std::move(rows);
  return part;
}

namespace {

uint64_t with_text(uint64_t key, std::string_view text) {
  key = mix_key(key, text.size());
  for (size_t at = 0; at < text.size(); at += 8) {
    uint64_t part = 0;
    for (size_t i = at; i < std::min(at + 8, text.size()); ++i) part = part << 8 | static_cast<unsigned char>(text[i]);
    key = mix_key(key, part);
  }
  return key;
}

}  // namespace

uint64_t input_hash(const Example& example) {
  uint64_t key = with_text(0, example.text);
  if (example.has_pair) key = with_text(key, example.text_pair);
  for (const auto& word : example.words) key = with_text(key, word);
  for (const auto& negative : example.negatives) key = with_text(key, negative);
  return key;
}

uint64_t text_hash(std::string_view text) {
  return with_text(0, text);
}

}  // namespace attune::data
