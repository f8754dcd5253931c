package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// besideRead bounds the assessments and the callbacks of one session.
const besideRead = math.MaxInt32

// rewrite takes the person out of what is kept beside the states of each payment,
// and then out of the states. The first of all goes last: as long as it is as it was,
// the payment is found again.
func (r *erasureRun) rewrite(ctx context.Context) error {
	step := ErasureRewritten
	if r.question.DryRun {
		step = ErasureCounted
	}
	for i, p := range r.payments {
		for _, rewrite := range []func(context.Context, *payment) error{r.rewriteAssessments, r.rewriteCallbacks, r.forgetSubjects, r.rewriteStates} {
			if err := untilWritten(ctx, p, rewrite); err != nil {
				return unavailable(err)
			}
		}
		r.tell(step, int64(i+1))
	}
	return nil
}

// untilWritten does a step anew when another process erased somebody from the payment
// since the step read it, so that neither brings back what the other erased.
func untilWritten(ctx context.Context, p *payment, step func(context.Context, *payment) error) (err error) {
	for range conflictsMax {
		if err = step(ctx, p); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("session %s: %d conflicts in a row: %w", p.session.ID, conflictsMax, err)
}

func (r *erasureRun) rewriteAssessments(ctx context.Context, p *payment) error {
	listed, err := r.Service.Memory.AssessmentsOf(ctx, p.session.MerchantID, p.session.ID, besideRead)
	if err != nil {
		return err
	}
	for i := range listed {
		one, err := r.Service.Memory.Assessment(ctx, p.session.MerchantID, listed[i].ID)
		if err != nil {
			return err
		}
		in, made, err := r.Service.ReadAssessment(one.Document)
		if err != nil {
			return err
		}
		if p.erasure.Part() == checkout.PartPayer {
			p.noteSubjects(r.Service, one.MerchantID, in.Content, in.Login)
		}
		eraseAssessed(p.erasure, &in, &made)
		document := r.Service.AssessmentDocument(&in, &made)
		if p.erasure.Part() == checkout.PartPayer {
			one.Subjects = nil
		}
		if bytes.Equal(document, one.Document) && len(one.Subjects) == len(listed[i].Subjects) {
			continue
		}
		read := one
		if one.Document = document; !r.question.DryRun {
			if err := r.Store.RewriteAssessments(ctx, []store.Assessment{read}, []store.Assessment{one}); err != nil {
				return err
			}
		}
		r.erased.Assessments++
	}
	return nil
}

// eraseAssessed takes the person out of an assessment. What it came to, by which rule
// and on which counts stays; made again it may come to something else.
func eraseAssessed(erasure *checkout.Erasure, in *risk.Input, made *risk.Assessment) {
	if erasure.Part() == checkout.PartPayer {
		for _, text := range []*string{&in.Login, &in.DeviceID, &in.IP} {
			if *text != "" {
				*text = checkout.Erased
			}
		}
	}
	if in.Content != nil {
		content := erasure.Content(*in.Content)
		in.Content = &content
	}
	made.Decision.Reason = erasure.Text(made.Decision.Reason)
	for i := range made.Steps {
		made.Steps[i].Error = erasure.Text(made.Steps[i].Error)
	}
}

func (r *erasureRun) rewriteCallbacks(ctx context.Context, p *payment) error {
	listed, err := r.Outbox.Callbacks(ctx, store.CallbackFilter{MerchantID: p.session.MerchantID, SessionID: p.session.ID, Limit: besideRead})
	if err != nil {
		return err
	}
	var read, changed []store.Callback
	for _, c := range listed {
		url, answer := p.erasure.URL(c.URL), c.Answer
		if p.erasure.Part() == checkout.PartPayer {
			answer = r.Answer(c.Answer)
		}
		if url == c.URL && bytes.Equal(answer, c.Answer) {
			continue
		}
		read = append(read, c)
		c.URL, c.Answer = url, answer
		changed = append(changed, c)
	}
	if len(changed) > 0 && !r.question.DryRun {
		err = r.Store.RewriteCallbacks(ctx, read, changed)
	}
	if err == nil {
		r.erased.Callbacks += int64(len(changed))
	}
	return err
}

// forgetSubjects forgets what is remembered of the payer by what says who they are.
func (r *erasureRun) forgetSubjects(ctx context.Context, p *payment) error {
	if p.erasure.Part() != checkout.PartPayer {
		return nil
	}
	return r.forgetKeys(ctx, p.subjects)
}

func (r *erasureRun) forgetKeys(ctx context.Context, keys []store.SubjectKey) error {
	if len(keys) == 0 {
		return nil
	}
	if !r.question.DryRun {
		forgotten, err := r.Store.ForgetSubjects(ctx, keys)
		r.erased.Subjects += int64(forgotten)
		return err
	}
	known, err := r.Service.Memory.Subjects(ctx, keys)
	for i := range known {
		if known[i].Version > 0 && !r.counted[keys[i]] {
			r.counted[keys[i]] = true
			r.erased.Subjects++
		}
	}
	return err
}

// rewriteStates replaces the states, the newest first.
func (r *erasureRun) rewriteStates(ctx context.Context, p *payment) error {
	if r.question.DryRun {
		return nil
	}
	return r.eachPage(ctx, p.session.ID, func(history []store.Revision) error {
		read := slices.Clone(history)
		for i := range history {
			state := &history[i].Session
			*state = p.erasure.State(*state)
			state.ErasedAt = p.session.ErasedAt
			history[i].Event.Reason = p.erasure.Text(history[i].Event.Reason)
		}
		return r.Store.RewriteRevisions(ctx, p.session.ID, read, history)
	})
}

// forget forgets the person also where no payment of theirs is left.
func (r *erasureRun) forget(ctx context.Context) error {
	merchants := []string{r.question.MerchantID}
	if r.question.MerchantID == "" {
		all, err := r.Tenants.Merchants(ctx)
		if err != nil {
			return unavailable(err)
		}
		merchants = merchants[:0]
		for i := range all {
			merchants = append(merchants, all[i].ID)
		}
	}
	for _, merchantID := range merchants {
		var keys []store.SubjectKey
		for _, login := range append(append([]string{}, r.person.Emails...), r.person.Phones...) {
			keys = append(keys, personKeys(r.Service, &risk.Input{MerchantID: merchantID, Login: login})...)
		}
		if err := r.forgetKeys(ctx, keys); err != nil {
			return unavailable(err)
		}
	}
	return nil
}
