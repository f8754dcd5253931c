package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/notify"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// eraseDesk is where an operator erases people, of whatever merchant.
type eraseDesk struct {
	// open gives what erases, and what to do when that has ended.
	open func(ctx context.Context) (*service.Eraser, func() error, error)
}

// Erase implements admin.EraseDesk.
func (d eraseDesk) Erase(ctx context.Context, asked admin.EraseQuestion, line func([]byte) error) (err error) {
	if asked.AllMerchants == (asked.Merchant != "") {
		return errors.New("say whose data: of one merchant, or of all")
	}
	eraser, closing, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	if err := knownMerchant(ctx, eraser.Tenants, asked); err != nil {
		return err
	}
	begun := false
	say := func(said admin.ErasureLine) error {
		begun = true
		text, err := json.Marshal(said)
		if err != nil {
			return err
		}
		return line(text)
	}
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	erased, err := eraser.Erase(ctx, service.ErasureQuestion{
		MerchantID: asked.Merchant, Emails: asked.Emails, Phones: asked.Phones, SessionID: asked.Session, OrderID: asked.Order,
		DryRun: asked.DryRun, Whole: asked.Compact, By: "the operator",
	}, func(step string, done int64) {
		if say(admin.ErasureLine{Progress: &admin.ErasureProgress{Step: step, Done: done}}) != nil {
			gone() // nobody waits any more
		}
	})
	if err != nil {
		err = erasureFailure(err)
		if begun { // then a socket tells no error but as a line
			_ = say(admin.ErasureLine{Error: err.Error()})
		}
		return err
	}
	return say(admin.ErasureLine{Result: shownErasure(asked.DryRun, &erased)})
}

func shownErasure(dryRun bool, e *service.Erased) *admin.Erasure {
	return &admin.Erasure{DryRun: dryRun, Sessions: e.Sessions, Open: e.Open, Orders: e.Orders, Exchanges: e.Exchanges,
		Assessments: e.Assessments, Callbacks: e.Callbacks, Subjects: e.Subjects}
}

// knownMerchant refuses one that is not there: a mistyped id would find nothing and
// look like somebody of whom nothing is stored.
func knownMerchant(ctx context.Context, tenants store.Tenants, asked admin.EraseQuestion) error {
	if asked.AllMerchants {
		return nil
	}
	all, err := tenants.Merchants(ctx)
	for i := range all {
		if all[i].ID == asked.Merchant {
			return nil
		}
	}
	if err == nil {
		err = fmt.Errorf("no merchant has the id %q\nlist them with: kvitto merchant list", asked.Merchant)
	}
	return err
}

// erasureFailure is a refusal in the words of its reason, for people.
func erasureFailure(err error) error {
	var refusal *checkout.Refusal
	if !errors.As(err, &refusal) {
		return fmt.Errorf("%w\nwhat was erased stays erased; run the same again", err)
	}
	if refusal.Kind == checkout.KindUnavailable {
		return fmt.Errorf("the store did not answer: %w\nwhat was erased stays erased; run the same again", err)
	}
	return errors.New(refusal.Reason)
}

// eraserOf erases from a store and its request log.
func eraserOf(stored engine, log *requestlog.Log, checkouts *service.Service) *service.Eraser {
	return &service.Eraser{
		Service: checkouts, Store: stored, Outbox: stored, Tenants: stored, Exchange: exchangeEraser{log}, Answer: notify.WithoutBody,
	}
}

// exchangeEraser is the request log.
type exchangeEraser struct{ log *requestlog.Log }

// Erase implements service.ExchangeEraser.
func (e exchangeEraser) Erase(ctx context.Context, erasure service.ExchangeErasure) (int64, error) {
	return e.log.Erase(ctx, requestlog.Erasure{
		MerchantID: erasure.MerchantID, AllMerchants: erasure.MerchantID == "", Person: erasure.Person, Payments: erasure.Payments,
		DryRun: erasure.DryRun, Progress: erasure.Progress,
	})
}

// Purge implements service.ExchangeEraser.
func (e exchangeEraser) Purge(ctx context.Context, whole bool) error { return e.log.Purge(ctx, whole) }

// openedEraser is the desk of a running server.
func openedEraser(eraser *service.Eraser) eraseDesk {
	return eraseDesk{func(context.Context) (*service.Eraser, func() error, error) {
		return eraser, func() error { return nil }, nil
	}}
}

// openEraseDesk is a desk on a store without a server; the request log is opened
// when somebody is erased.
func openEraseDesk(stored engine, openLog func(ctx context.Context, options requestlog.Options) (*requestlog.Log, error)) eraseDesk {
	return eraseDesk{func(ctx context.Context) (*service.Eraser, func() error, error) {
		checkouts, err := erasingService(ctx, stored)
		if err != nil {
			return nil, nil, err
		}
		key, err := secretOf(ctx, stored, searchSecret, searchSecretBytes)
		if err != nil {
			return nil, nil, err
		}
		log, err := openLog(ctx, requestlog.Options{SearchKey: key})
		if err != nil {
			return nil, nil, err
		}
		return eraserOf(stored, log, checkouts), log.Close, nil
	}}
}

// erasingService is that of other desks, which also knows payers again and writes
// assessments.
func erasingService(ctx context.Context, stored engine) (*service.Service, error) {
	options, err := deskOptions(stored)
	if err != nil {
		return nil, err
	}
	if err := rememberIn(ctx, stored, &options); err != nil {
		return nil, err
	}
	return service.New(options)
}

// erasures are those of the portal.
type erasures struct{ eraser *service.Eraser }

// Begin implements portal.Erasing.
func (e erasures) Begin(_ context.Context, question service.ErasureQuestion) (portal.Erasure, error) {
	return func(ctx context.Context, tell func(string, int64)) (service.Erased, error) {
		return e.eraser.Erase(ctx, question, tell)
	}, nil
}
