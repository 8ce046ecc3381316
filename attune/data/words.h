// Words and the sentence they stand in.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "attune/data/example.h"

namespace attune::data {

// Splits a sentence that comes as text into words: runs between white space, every punctuation mark and every CJK
// character a word of its own (as the tokens of NER data sets are). Words and places are appended.
void split_words(std::string_view text, std::vector<std::string>& words, std::vector<WordSpan>& spans);

// The sentence that words stood in, guessed where only words are given, and each word's place in it:
//  * all words are single code points (Chinese tagged by character): no spaces at all;
//  * else a space between two words unless a CJK character or CJK punctuation stands on either side.
std::string join_words(const std::vector<std::string>& words, std::vector<WordSpan>& spans);

// One code point that is neither white space nor punctuation: a letter of any script, a digit.
bool is_single_letter(std::string_view word);

// Ideographs, kana, bopomofo, and CJK and full-width punctuation: scripts written without spaces. Hangul is not.
bool is_cjk(char32_t c);

}  // namespace attune::data
