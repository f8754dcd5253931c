package postgres

import "github.com/jackc/pgx/v5/pgconn"

// A commit that was found by looking is not one that was acknowledged. With
// synchronous replication a transaction may be committed on its server alone:
// the server was restarted, or told to stop waiting, before the standby had it.
// Such rows are seen by everybody and are lost when the standby takes over. So
// whoever finds his changes committed must commit something himself before he
// says so: the standby has a later commit only after all before it.
//
// The row is deleted in the transaction that adds it. It must be a row: a
// transaction that wrote nothing does not wait.
const (
	addConfirmation    = `INSERT INTO confirmations (change_id) VALUES ($1::uuid) ON CONFLICT DO NOTHING`
	deleteConfirmation = `DELETE FROM confirmations WHERE change_id = $1::uuid`
)

// confirm makes the commit of a transaction one that waits. The name is one
// that no other transaction uses: an attempt before this one may still run.
func (p *pipeline) confirm() {
	id := newChangeNames().at(0)
	p.exec(addConfirmation, id)
	p.exec(deleteConfirmation, id)
}

// doubtMark is set among the data of a connection.
const doubtMark = "kvitto.doubt"

// doubtful tells a notice that the commit it comes with does not count: the
// wait for the standby was cancelled (a warning without a code of its own) or
// ended with the server (57P01).
func doubtful(notice *pgconn.Notice) bool {
	return notice.SeverityUnlocalized == "WARNING" && (notice.Code == "01000" || notice.Code == "57P01")
}
