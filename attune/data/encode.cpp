#include "attune/data/encode.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/data/windows.h"

namespace attune::data {
namespace {

int32_t length(const std::vector<text::Piece>& pieces) {
  return static_cast<int32_t>(pieces.size());
}

}  // namespace

void EncodeOptions::visit(OptionList& list) {
  list.add("max-length", max_length,
           {.help = "longest sequence the model sees, special pieces included",
            .unit = "pieces",
            .min = kShortestSequence,
            .search = "64|128|256"});
  list.add("truncate", truncate,
           {.help = "what is kept of a longer text; auto: stride for tagging, else longest-first",
            .choices = truncation_names()});
  list.add(
      "query-prefix", query_prefix,
      {.help = "embed: stands before the first text of a row and before a query, as 'query: ' for E5; both texts of "
               "a scored pair"});
  list.add("passage-prefix", passage_prefix,
           {.help = "embed: stands before the other texts of a row and before a document, as 'passage: ' for E5"});
}

Encoder::Encoder(const text::Tokenizer& tokenizer, TargetKind target, const EncodeOptions& options)
    : tokenizer_(tokenizer),
      tagging_(target == TargetKind::tags),
      embedding_(target == TargetKind::texts),
      query_prefix_(options.query_prefix),
      passage_prefix_(options.passage_prefix),
      max_length_(options.max_length),
      overlap_(options.window_overlap),
      separators_(tokenizer.marks_spaces() ? 2 : 1),
      second_segment_(tokenizer.marks_spaces() ? 0 : 1),
      truncation_(parse_truncation(options.truncate, tagging_)),
      special_(tokenizer.special()),
      words_(tokenizer) {
  if (max_length_ < kShortestSequence)
    fail(ErrorKind::usage, "--max-length is {}; expected at least {}", max_length_, kShortestSequence);
  if (special_.cls < 0 || special_.sep < 0)
    fail(ErrorKind::model,
         "the vocabulary has no {} piece; a BERT-family model needs [CLS] and [SEP] (or <s> and </s>)",
         special_.cls < 0 ? "[CLS]" : "[SEP]");
  const int32_t room = max_length_ - 2;
  if (overlap_ < 0 || overlap_ >= room) overlap_ = room / 2;
}

void Encoder::append(const Example& example, EncodedSet& set) {
  tagging_ ? append_sentence(example, set) : embedding_ ? append_texts(example, set) : append_text(example, set);
}

// The length of a row is that of its longest text.
void Encoder::append_texts(const Example& example, EncodedSet& set) {
  std::vector<std::vector<text::Piece>> texts(1 + (example.has_pair ? 1 : 0) + example.negatives.size());
  const bool alike = example.has_pair && example.has_target;  // scored: neither asks for the other
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string& text = i == 0 ? example.text : i == 1 ? example.text_pair : example.negatives[i - 2];
    tokenizer_.encode((i == 0 || alike ? query_prefix_ : passage_prefix_) + text, texts[i]);
  }
  const int32_t room = max_length_ - 2;
  int32_t longest = 0;
  for (const auto& pieces : texts) longest = std::max(longest, length(pieces));
  set.begin_example(longest + 2, longest > room);
  for (const auto& pieces : texts) {
    set.counts().pieces += length(pieces);
    set.counts().pieces_lost += std::max(0, length(pieces) - room);
    set.add_piece(special_.cls, 0);
    add_kept(pieces, room, 0, set);
    set.add_piece(special_.sep, 0);
    set.end_sequence();
  }
}

void Encoder::append_text(const Example& example, EncodedSet& set) {
  first_.clear(), second_.clear();
  tokenizer_.encode(example.text, first_);
  if (example.has_pair) tokenizer_.encode(example.text_pair, second_);
  const int32_t framing = example.has_pair ? 2 + separators_ : 2;
  const int32_t total = length(first_) + length(second_), room = max_length_ - framing;
  const auto [first_room, second_room] = longest_first(length(first_), length(second_), room);
  set.begin_example(total + framing, total > room);
  set.counts().pieces += total;
  set.counts().pieces_lost += std::max(0, total - room);
  set.add_piece(special_.cls, 0);
  add_kept(first_, example.has_pair ? first_room : room, 0, set);
  set.add_piece(special_.sep, 0);
  if (example.has_pair) {
    for (int32_t i = 1; i < separators_; ++i) set.add_piece(special_.sep, 0);
    add_kept(second_, second_room, second_segment_, set);
    set.add_piece(special_.sep, second_segment_);
  }
  set.end_sequence();
}

void Encoder::add_kept(std::span<const text::Piece> pieces, int32_t room, uint8_t segment, EncodedSet& set) {
  const auto size = static_cast<int32_t>(pieces.size());
  const Kept kept = kept_pieces(size, room, truncation_);
  for (int32_t i = 0; i < size; ++i) {
    const int32_t id = pieces[static_cast<size_t>(i)].id;
    set.counts().unknown += id == special_.unk;
    if (i < kept.head || i >= size - kept.tail) set.add_piece(id, segment);
  }
}

void Encoder::append_sentence(const Example& example, EncodedSet& set) {
  words_.encode(example, sentence_);
  const auto size = static_cast<int32_t>(sentence_.ids.size());
  const int32_t room = max_length_ - 2;
  EncodeCounts& counts = set.counts();
  counts.pieces += size;
  counts.words += sentence_.words.back();
  counts.words_without_piece += std::count(sentence_.label_at.begin(), sentence_.label_at.end(), -1);
  counts.unknown += std::count(sentence_.ids.begin(), sentence_.ids.end(), special_.unk);
  if (truncation_ == Truncation::stride) {
    const int64_t lost = counts.pieces_lost;
    if (size > room) limit_words(sentence_, room, set);
    set.begin_example(size + 2, counts.pieces_lost > lost);
    append_windows(sentence_, set);
  } else {
    set.begin_example(size + 2, size > room);
    counts.pieces_lost += std::max(0, size - room);
    append_cut(example, sentence_, set);
  }
}

// A single word of more pieces than a window holds keeps its first ones.
void Encoder::limit_words(SentencePieces& sentence, int32_t room, EncodedSet& set) const {
  SentencePieces limited;
  for (size_t u = 0; u < sentence.units(); ++u) {
    const int32_t begin = sentence.starts[u], kept = std::min(sentence.starts[u + 1] - begin, room);
    const auto start = static_cast<int32_t>(limited.ids.size());
    limited.starts.push_back(start);
    limited.label_at.push_back(sentence.label_at[u] < 0 ? -1 : start + sentence.label_at[u] - begin);
    limited.ids.insert(limited.ids.end(), sentence.ids.begin() + begin, sentence.ids.begin() + begin + kept);
    set.counts().pieces_lost += sentence.starts[u + 1] - begin - kept;
  }
  limited.words = sentence.words;
  limited.starts.push_back(static_cast<int32_t>(limited.ids.size()));
  sentence = std::move(limited);
}

void Encoder::append_windows(const SentencePieces& sentence, EncodedSet& set) {
  const auto windows = make_windows(sentence.starts, max_length_ - 2, overlap_);
  if (windows.size() > 1)
    ++set.counts().sentences_in_windows, set.counts().windows += static_cast<int64_t>(windows.size());
  for (const Window& window : windows) {
    const int32_t begin = sentence.starts[static_cast<size_t>(window.word_begin)];
    const int32_t end = sentence.starts[static_cast<size_t>(window.word_end)];
    set.add_piece(special_.cls, 0);
    for (int32_t i = begin; i < end; ++i) set.add_piece(sentence.ids[static_cast<size_t>(i)], 0);
    set.add_piece(special_.sep, 0);
    for (auto u = static_cast<size_t>(window.own_begin); u < static_cast<size_t>(window.own_end); ++u)
      if (const int32_t at = sentence.label_at[u]; at >= 0)
        set.add_place({at - begin + 1, sentence.words[u], sentence.words_in(u)});
    set.end_sequence();
  }
}

void Encoder::append_cut(const Example& example, const SentencePieces& sentence, EncodedSet& set) {
  const auto size = static_cast<int32_t>(sentence.ids.size());
  const Kept kept = kept_pieces(size, max_length_ - 2, truncation_);
  const int32_t tail_begin = size - kept.tail, cut = tail_begin - kept.head;
  set.add_piece(special_.cls, 0);
  for (int32_t i = 0; i < size; ++i)
    if (i < kept.head || i >= tail_begin) set.add_piece(sentence.ids[static_cast<size_t>(i)], 0);
  set.add_piece(special_.sep, 0);
  for (size_t u = 0; u < sentence.units(); ++u) {
    const int32_t at = sentence.label_at[u];
    if (at < 0) continue;
    if (at < kept.head || at >= tail_begin) {
      set.add_place({(at < kept.head ? at : at - cut) + 1, sentence.words[u], sentence.words_in(u)});
      continue;
    }
    set.counts().words_lost += sentence.words_in(u);
    for (auto w = static_cast<size_t>(sentence.words[u]); w < static_cast<size_t>(sentence.words[u + 1]); ++w)
      set.counts().entity_words_lost += w < example.labels.size() && example.labels[w] != "O";
  }
  set.end_sequence();
}

EncodedSet encode_all(const Examples& examples, const text::Tokenizer& tokenizer, TargetKind target,
                      const EncodeOptions& options) {
  EncodedSet set(examples.folder());
  Encoder encoder(tokenizer, target, options);
  with_context(
      [] {
        return "the pieces of the rows are kept there while they are used, five bytes each: free some space, or name a "
               "place with more room, --out for training, TMPDIR=FOLDER before `attune eval` and `attune data`";
      },
      [&] {
        for (const Example& example : examples) encoder.append(example, set);
        set.seal();
      });
  return set;
}

}  // namespace attune::data
