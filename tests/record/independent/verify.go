// Verifies a log folder with the packages of Go's checksum database (Debian: golang-golang-x-mod-dev), which know nothing of
// ours: signatures, the tiles, proofs that they make themselves, and proofs that the gateway made.
//
// usage: verify.go VKEY LOG [PROOF.tlog-proof]...
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what string) {
	if err != nil {
		fmt.Println(what+":", err)
		os.Exit(1)
	}
}

func mustFail(err error, what string) {
	if err == nil {
		fmt.Println(what + ": was taken for right")
		os.Exit(1)
	}
}

// Tiles of 256 hashes, where this format keeps them.
type folder string

func (f folder) Height() int                     { return 8 }
func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil && tile.W < 256 {
			// It may have become full since.
			full := tile
			full.W = 256
			data, err = os.ReadFile(filepath.Join(string(f), strings.Replace(full.Path(), "tile/8/", "tile/", 1)))
			if err == nil {
				data = data[:tile.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func parseHash(text string) tlog.Hash {
	var hash tlog.Hash
	data, err := base64.StdEncoding.DecodeString(text)
	check(err, "hash")
	copy(hash[:], data)
	return hash
}

func open(text []byte, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open(text, note.VerifierList(verifier))
	check(err, "signature of the checkpoint")
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	return tlog.Tree{N: size, Hash: parseHash(lines[2])}
}

func bundlePath(index int64, width int64) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index /= 1000; index > 0; index /= 1000 {
		path = fmt.Sprintf("x%03d/", index%1000) + path
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return "tile/entries/" + path
}

func entries(log string, size int64) [][]byte {
	var all [][]byte
	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		data, err := os.ReadFile(filepath.Join(log, bundlePath(first/256, width)))
		check(err, "bundle")
		for ; width > 0; width-- {
			length := int(data[0])<<8 | int(data[1])
			all = append(all, data[2:2+length])
			data = data[2+length:]
		}
	}
	return all
}

func checkProofFile(path string, verifier note.Verifier) {
	text, err := os.ReadFile(path)
	check(err, path)
	parts := strings.SplitN(string(text), "\n\n", 2)
	tree := open([]byte(parts[1]), verifier)
	lines := strings.Split(parts[0], "\n")
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	check(err, "extra")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	check(err, "index")
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		proof = append(proof, parseHash(line))
	}
	check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)), path)
	mustFail(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(append(entry, ' '))), path+" with another entry")
	mustFail(tlog.CheckRecord(proof, tree.N, tree.Hash, index^1, tlog.RecordHash(entry)), path+" at another index")
}

func main() {
	verifier, err := note.NewVerifier(os.Args[1])
	check(err, "key")
	log := os.Args[2]
	text, err := os.ReadFile(filepath.Join(log, "checkpoint"))
	check(err, "checkpoint")
	tree := open(text, verifier)
	reader := tlog.TileHashReader(tree, folder(log))
	all := entries(log, tree.N)
	step := tree.N/500 + 1
	records := 0
	for index := int64(0); index < tree.N; index += step {
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		check(err, "making a proof")
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(all[index])), "entry "+strconv.FormatInt(index, 10))
		records++
	}
	// The whole tree, from the entries alone.
	var hashes []tlog.Hash
	stored := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, hashes[index])
		}
		return found, nil
	})
	for index, entry := range all {
		more, err := tlog.StoredHashes(int64(index), entry, stored)
		check(err, "hashing")
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(tree.N, stored)
	check(err, "root")
	if root != tree.Hash {
		check(fmt.Errorf("%v, signed is %v", root, tree.Hash), "root of all entries")
	}
	earlier, err := filepath.Glob(filepath.Join(log, "checkpoints", "*"))
	check(err, "checkpoints")
	for _, path := range earlier {
		text, err := os.ReadFile(path)
		check(err, path)
		older := open(text, verifier)
		proof, err := tlog.ProveTree(tree.N, older.N, reader)
		check(err, path)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash), path)
	}
	for _, path := range os.Args[3:] {
		checkProofFile(path, verifier)
	}
	fmt.Printf("go: %d entries hashed to the signed root, %d proofs made and checked, %d earlier checkpoints, %d proofs of ours\n",
		tree.N, records, len(earlier), len(os.Args)-3)
}
