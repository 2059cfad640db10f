package nssdb

import (
	"encoding/binary"
	"errors"
	"strings"
)

// The little of SQLite's file format that is needed to read the rows of one table
// (sqlite.org/fileformat2.html): a database of NSS has a few hundred rows, and a
// library for all of SQL would be half as large as the rest of Mooring. Nothing is
// ever written here.

var errDamaged = errors.New("the database is damaged")

// The bounds of one database, besides that of the file.
const (
	maxRows  = 20000
	maxBytes = 64 << 20 // of all values: pages may be named more than once
)

const (
	pageHeader  = 100 // bytes before the first page's own
	interior    = 0x05
	leaf        = 0x0D
	smallestRow = 4
)

// database is a file in SQLite's format.
type database struct {
	data   []byte
	page   int // bytes
	usable int // of each
	seen   map[uint32]bool
	budget int
}

// openDatabase reads the header. wal: what counts may be in another file.
func openDatabase(data []byte) (db *database, wal bool, err error) {
	if len(data) < 512 || string(data[:16]) != "SQLite format 3\x00" {
		return nil, false, errors.New("it is no database of SQLite")
	}
	db = &database{data: data, page: int(binary.BigEndian.Uint16(data[16:])), budget: maxBytes}
	if db.page == 1 {
		db.page = 65536
	}
	db.usable = db.page - int(data[20])
	if db.page < 512 || db.page&(db.page-1) != 0 || db.usable < 480 || binary.BigEndian.Uint32(data[56:]) > 1 {
		return nil, false, errDamaged
	}
	return db, data[19] == 2, nil
}

// table calls row with the values of each row of a table, with their names. Integers
// and floating point numbers are not read: NSS keeps bytes.
func (db *database) table(name string, row func(map[string][]byte) error) error {
	root, columns, err := db.find(name)
	if err != nil {
		return err
	}
	return db.rows(root, func(values [][]byte) error {
		named := make(map[string][]byte, len(values))
		for i, v := range values[:min(len(values), len(columns))] {
			if v != nil {
				named[columns[i]] = v
			}
		}
		return row(named)
	})
}

// find looks a table up in the schema, which is the table on page 1: type, name,
// table, root page, and the statement that made it.
func (db *database) find(name string) (root uint32, columns []string, err error) {
	err = db.rows(1, func(v [][]byte) error {
		if len(v) == 5 && string(v[0]) == "table" && string(v[1]) == name {
			root, columns = number(v[3]), columnsOf(string(v[4]))
		}
		return nil
	})
	if err == nil && (root == 0 || len(columns) == 0) {
		err = errDamaged
	}
	return root, columns, err
}

// columnsOf are the names in "CREATE TABLE t (id PRIMARY KEY …, a0, a1, …)".
func columnsOf(statement string) []string {
	_, list, _ := strings.Cut(statement, "(")
	var out []string
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(list), ")"), ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		out = append(out, name)
	}
	return out
}

// number is an integer of at most four bytes, as the record has it.
func number(b []byte) uint32 {
	var n uint32
	for _, c := range b[:min(len(b), 4)] {
		n = n<<8 | uint32(c)
	}
	return n
}

// rows walks the tree of a table.
func (db *database) rows(root uint32, row func([][]byte) error) error {
	db.seen = map[uint32]bool{}
	left := maxRows
	return db.walk(root, &left, row)
}

// walk visits a page once: one that leads back to itself ends it.
func (db *database) walk(n uint32, left *int, row func([][]byte) error) error {
	page, ok := db.at(n)
	if !ok || db.seen[n] {
		return errDamaged
	}
	db.seen[n] = true
	head := page
	if n == 1 {
		head = page[pageHeader:]
	}
	pointers, size := head[8:], int(binary.BigEndian.Uint16(head[3:]))
	if head[0] == interior {
		pointers = head[12:]
	}
	if size*2 > len(pointers) {
		return errDamaged
	}
	for i := range size {
		at := int(binary.BigEndian.Uint16(pointers[2*i:]))
		if at > len(page)-smallestRow {
			return errDamaged
		}
		var err error
		switch head[0] {
		case interior:
			err = db.walk(binary.BigEndian.Uint32(page[at:]), left, row)
		case leaf:
			if *left--; *left < 0 {
				return errDamaged
			}
			err = db.cell(page[at:], row)
		default:
			return errDamaged
		}
		if err != nil {
			return err
		}
	}
	if head[0] == interior {
		return db.walk(binary.BigEndian.Uint32(head[8:]), left, row)
	}
	return nil
}

// at is a page without the bytes that are reserved at its end.
func (db *database) at(n uint32) ([]byte, bool) {
	from := (int(n) - 1) * db.page
	if n == 0 || from > len(db.data)-db.page {
		return nil, false
	}
	return db.data[from : from+db.usable], true
}

// cell reads one row, which may go on in overflow pages.
func (db *database) cell(cell []byte, row func([][]byte) error) error {
	size, cell, ok := varint(cell)
	if !ok || size > uint64(db.budget) {
		return errDamaged
	}
	if _, cell, ok = varint(cell); !ok { // the row's number
		return errDamaged
	}
	db.budget -= int(size)
	payload, ok := db.payload(cell, int(size))
	if !ok {
		return errDamaged
	}
	values, ok := record(payload)
	if !ok {
		return errDamaged
	}
	return row(values)
}

// payload is size bytes, of which a part lies in the cell.
func (db *database) payload(cell []byte, size int) ([]byte, bool) {
	local := size
	if most := db.usable - 35; size > most {
		least := (db.usable-12)*32/255 - 23
		if local = least + (size-least)%(db.usable-4); local > most {
			local = least
		}
		if len(cell) < local+4 {
			return nil, false
		}
	}
	if len(cell) < local {
		return nil, false
	}
	if local == size {
		return cell[:size], true
	}
	out := append(make([]byte, 0, min(size, len(db.data))), cell[:local]...)
	next := binary.BigEndian.Uint32(cell[local:])
	for len(out) < size {
		page, ok := db.at(next)
		if !ok || len(out) > len(db.data) {
			return nil, false
		}
		out = append(out, page[4:min(db.usable, 4+size-len(out))]...)
		next = binary.BigEndian.Uint32(page)
	}
	return out, true
}

// record splits a row into values: bytes, text and integers as bytes; nil for null.
func record(payload []byte) ([][]byte, bool) {
	length, rest, ok := varint(payload)
	if !ok || length > uint64(len(payload)) || int(length) < len(payload)-len(rest) {
		return nil, false
	}
	types, body := payload[len(payload)-len(rest):length], payload[length:]
	var out [][]byte
	for len(types) > 0 {
		var kind uint64
		if kind, types, ok = varint(types); !ok {
			return nil, false
		}
		size, ok := sizeOf(kind)
		if !ok || size > uint64(len(body)) {
			return nil, false
		}
		value := body[:size:size]
		body = body[size:]
		if kind == 0 {
			value = nil
		}
		out = append(out, value)
	}
	return out, true
}

// sizeOf is how many bytes a value of a serial type takes.
func sizeOf(kind uint64) (uint64, bool) {
	switch {
	case kind >= 12:
		return (kind - 12) / 2, true
	case kind >= 10:
		return 0, false
	}
	return uint64([]uint64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}[kind]), true
}

// varint reads SQLite's integers of one to nine bytes.
func varint(b []byte) (uint64, []byte, bool) {
	var n uint64
	for i, c := range b[:min(len(b), 9)] {
		if i == 8 {
			return n<<8 | uint64(c), b[9:], true
		}
		n = n<<7 | uint64(c&0x7F)
		if c&0x80 == 0 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}
