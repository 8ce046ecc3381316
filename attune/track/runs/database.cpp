#include "attune/track/runs/database.h"

#include <chrono>
#include <sqlite3.h>
#include <thread>

#include "attune/base/error.h"

namespace attune::track {
namespace {

constexpr int kPatience = 30000;  // milliseconds

// Makes the file a write-ahead log. Where two processes find it new, each reads it and wants it alone: SQLite then
// answers "busy" at once and does not wait as it does elsewhere (https://www.sqlite.org/c3ref/busy_handler.html, on
// deadlocks), so the one who lost asks again until the other's file is ready.
int keep_a_write_ahead_log(sqlite3* handle) {
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    const int code = ::sqlite3_exec(handle, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    const bool busy = (code & 0xFF) == SQLITE_BUSY;
    if (!busy || std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(kPatience)) return code;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

Database::Database(const std::filesystem::path& path, Access access) : path_(path) {
  const int flags = access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  const int code = ::sqlite3_open_v2(path.c_str(), &handle_, flags | SQLITE_OPEN_FULLMUTEX, nullptr);
  try {
    if (code != SQLITE_OK) fail_with(code, "open");
    ::sqlite3_extended_result_codes(handle_, 1);
    ::sqlite3_busy_timeout(handle_, kPatience);
    if (access == Access::write) {
      if (const int wal = keep_a_write_ahead_log(handle_); wal != SQLITE_OK) fail_with(wal, "journal_mode");
      run("PRAGMA synchronous = NORMAL");
    }
    run("PRAGMA foreign_keys = ON");
  } catch (...) {
    ::sqlite3_close(handle_);
    throw;
  }
}

Database::~Database() {
  ::sqlite3_close(handle_);
}

void Database::fail_with(int code, const char* sql) const {
  const std::string said = handle_ ? ::sqlite3_errmsg(handle_) : ::sqlite3_errstr(code);
  switch (code & 0xFF) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      fail(ErrorKind::io,
           "{}: damaged, or no database at all ({}). The runs' own folders are not touched by that; move the file (and "
           "those beside it that begin with its name) away to begin a new one",
           path_.string(), said);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      fail(ErrorKind::io, "{}: another process has kept it locked for {} s; try again", path_.string(),
           kPatience / 1000);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      fail(ErrorKind::io, "{}: cannot be opened ({}); the file and its folder must be writable", path_.string(), said);
    case SQLITE_FULL:
    case SQLITE_IOERR:
      fail(ErrorKind::io, "{}: {} (is the disk full?)", path_.string(), said);
    default:
      fail(ErrorKind::internal, "{}: SQLite says '{}' of: {}", path_.string(), said, sql);
  }
}

void Database::run(const char* sql) {
  if (const int code = ::sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail_with(code, sql);
}

int64_t Database::number(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

int64_t Database::last_id() const {
  return ::sqlite3_last_insert_rowid(handle_);
}

Statement::Statement(Database& database, const char* sql) : database_(database), sql_(sql) {
  if (const int code = ::sqlite3_prepare_v2(database.handle_, sql, -1, &handle_, nullptr); code != SQLITE_OK)
    database.fail_with(code, sql);
}

Statement::~Statement() {
  ::sqlite3_finalize(handle_);
}

Statement& Statement::bind(int64_t value) {
  ATTUNE_CHECK(::sqlite3_bind_int64(handle_, ++bound_, value) == SQLITE_OK, "{}", sql_);
  return *this;
}

Statement& Statement::bind(double value) {
  ATTUNE_CHECK(::sqlite3_bind_double(handle_, ++bound_, value) == SQLITE_OK, "{}", sql_);
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  const int code =
      ::sqlite3_bind_text(handle_, ++bound_, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  ATTUNE_CHECK(code == SQLITE_OK, "{}", sql_);
  return *this;
}

bool Statement::step() {
  const int code = ::sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  ::sqlite3_reset(handle_);
  bound_ = 0;
  if (code != SQLITE_DONE) database_.fail_with(code, sql_);
  return false;
}

int64_t Statement::integer(int column) const {
  return ::sqlite3_column_int64(handle_, column);
}

double Statement::real(int column) const {
  return ::sqlite3_column_double(handle_, column);
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(::sqlite3_column_text(handle_, column));
  return bytes ? std::string(bytes, static_cast<size_t>(::sqlite3_column_bytes(handle_, column))) : std::string();
}

bool Statement::is_null(int column) const {
  return ::sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {  // SQLite has taken it back already
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace attune::track
