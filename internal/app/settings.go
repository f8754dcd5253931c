package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/notify"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/portal"
)

// keyDesk is where people make and revoke keys.
type keyDesk struct{ admin.Operations }

// RevokeKey implements portal.Keys, which has looked whose key it is.
func (d keyDesk) RevokeKey(ctx context.Context, _, username string) error {
	return d.Operations.RevokeKey(ctx, username)
}

// callbackSecrets implements portal.Secrets.
type callbackSecrets struct{ notify.Secrets }

// CallbackSecret implements portal.Secrets.
func (s callbackSecrets) CallbackSecret(ctx context.Context, merchantID string) (string, error) {
	secret, err := notify.Secret(ctx, s.Secrets, merchantID)
	if err != nil {
		return "", err
	}
	return outbound.SecretText(secret), nil
}

// kept implements portal.Retention.
type kept struct{ *App }

// Kept tells what forget deletes and when, and what it never does.
func (k kept) Kept(ctx context.Context, counted bool) ([]portal.Kept, error) {
	limits := k.config.Retention
	exchanges := portal.Kept{What: "Requests and callbacks in the log, with their bodies", For: limits.Exchanges, Setting: "retention.exchanges_age, retention.exchanges_bytes"}
	if limits.ExchangeBytes > 0 {
		exchanges.Until = "until they take more than " + sizeText(limits.ExchangeBytes) + ", the oldest first"
	}
	orders := portal.Kept{What: "Orders, with their sessions and reviews"}
	assessments := portal.Kept{What: "Assessments: what was known and decided of a payment", For: limits.Assessments, Setting: "retention.assessments"}
	if counted {
		orders.Now, exchanges.Now, assessments.Now = k.storeSize(), k.logSize(), k.countAssessments(ctx)
	}
	all := []portal.Kept{
		{What: "Sessions without an order, after they have expired", For: limits.Sessions, Setting: "retention.sessions"},
		orders, exchanges, assessments,
		{What: "Callbacks and their answers", Until: "as long as their session"},
		{What: "Keyed hashes of payers' e-mail addresses, phones, devices and addresses, after their newest payment", For: subjectsKept},
	}
	if k.config.Production {
		all = append(all, portal.Kept{What: "The audit: what people did", For: account.AuditKept})
	}
	return all, nil
}

// storeSize is what the file of the store takes, which has all but the log.
func (k kept) storeSize() string {
	if k.stores.file == "" {
		return ""
	}
	return fileSize(k.stores.file, "the whole store")
}

func (k kept) logSize() string {
	if k.stores.file == "" {
		return ""
	}
	return fileSize(filesOf(k.stores.file).requests, "the whole log")
}

// fileSize is the size of a SQLite file with what waits beside it; "" when it
// cannot be told.
func fileSize(path, of string) string {
	info, err := os.Stat(filepath.Clean(path))
	if err != nil {
		return ""
	}
	size := info.Size()
	if waiting, err := os.Stat(path + "-wal"); err == nil {
		size += waiting.Size()
	}
	return sizeText(size) + ", " + of
}

// countAssessments is "" when the store does not say in time: a page does not wait
// for a figure.
func (k kept) countAssessments(ctx context.Context) string {
	bounded, cancel := context.WithTimeout(ctx, countMax)
	defer cancel()
	n, err := k.stores.CountAssessments(bounded, "", "")
	if err != nil {
		return ""
	}
	return fmt.Sprint(n)
}

// sizeText is a number of bytes as people say it.
func sizeText(bytes int64) string {
	const step = 1024
	size, unit := float64(bytes), 0
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	for size >= step && unit < len(units)-1 {
		size, unit = size/step, unit+1
	}
	if unit == 0 || size == float64(int64(size)) {
		return fmt.Sprintf("%.0f %s", size, units[unit])
	}
	return fmt.Sprintf("%.1f %s", size, units[unit])
}
