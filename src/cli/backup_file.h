/* cli/backup_file.h - a backup: the documents and the audit trail of a store in one sealed file.
 *
 *     attestd-backup 1\n
 *     {"made":TIME,"generation":N,"key":BASE64URL}\n        key: of this file, sealed under the key-encryption key
 *     chunks: 4 bytes of length, big-endian, then that many bytes sealed under the file's key (attest/seal.h)
 *
 * The label of a chunk says which it is, whether it is the last, and the hash of the first two lines: chunks that are moved, left
 * out or of another file do not open, nor does a file that was cut. Inside are lines of JSON, one row each.
 */
#ifndef CLI_BACKUP_FILE_H
#define CLI_BACKUP_FILE_H

#include "base/buf.h"
#include "signer/signer.h"

enum { BACKUP_CHUNK_BYTES = 1 << 20, BACKUP_SEALED_MAX = 8 << 20 };

struct backup_out {
    int fd;
    uint8_t key[SIGNER_SHARED_BYTES];
    uint8_t head_sha256[32];
    uint64_t chunk;
    struct att_buf lines;
};
/* Makes a key for the file and writes its first lines. */
ATT_CHECK bool backup_begin(struct backup_out *b, struct signer *signer, int fd, const char *made,
                            uint64_t generation, struct att_err *err);
/* The lines so far become a chunk when they are long enough, or always with `last`. */
ATT_CHECK bool backup_flush(struct backup_out *b, bool last, struct att_err *err);
void backup_out_end(struct backup_out *b); /* wipes */

struct backup_in {
    struct att_span file; /* all of it */
    size_t at;
    uint8_t key[SIGNER_SHARED_BYTES];
    uint8_t head_sha256[32];
    uint64_t chunk;
    const char *made;
    bool ended;
};
/* BACKUP_INVALID; SEAL_INVALID: of another key-encryption key. */
ATT_CHECK bool backup_open(struct backup_in *b, struct signer *signer, struct att_arena *arena,
                           struct att_span file, struct att_err *err);
/* The next chunk's lines, in the arena; b->ended behind the last one. */
ATT_CHECK bool backup_next(struct backup_in *b, struct att_arena *arena, struct att_span *ret,
                           struct att_err *err);
void backup_in_end(struct backup_in *b); /* wipes */

#endif
