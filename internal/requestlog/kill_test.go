package requestlog

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// childEnv makes the test binary record at the address it names until it is
// killed.
const childEnv = "KVITTO_TEST_REQUESTLOG_CHILD"

func TestMain(m *testing.M) {
	if address := os.Getenv(childEnv); address != "" {
		recordForever(address)
	}
	os.Exit(m.Run())
}

// recordForever prints the id of each refusal after Record returned.
func recordForever(address string) {
	ctx := context.Background()
	l, err := openAt(address, Options{indexByHand: true})
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for { // the kill comes in the middle of it
			if err := l.index(ctx, true); err != nil {
				fmt.Println("index:", err)
				os.Exit(1)
			}
		}
	})
	for worker := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("c%d-%d-%d", os.Getpid(), worker, i)
				_ = l.Record(ctx, success("success-"+id))
				if err := l.Record(ctx, refusal(id)); err != nil {
					fmt.Println("record:", err)
					os.Exit(1)
				}
				fmt.Printf("%s\n", id) // one write each: never half a line
			}
		})
	}
	wg.Wait()
}

// Promise 7: a refusal that was answered is explained after a kill -9.
func TestRefusalsSurviveKill(t *testing.T) {
	t.Parallel()
	for name, newHome := range homes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testRefusalsSurviveKill(t, newHome(t))
		})
	}
}

func testRefusalsSurviveKill(t *testing.T, address string) {
	var ids []string
	for round := range 3 { // the second and third recover what the kill left
		ids = append(ids, recordUntilKilled(t, address, 200*(round+1))...)
		l, err := openAt(address, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if e := find(t, l, "m1", id); e.ErrorCode != "BAD_VALUE" {
				t.Fatalf("round %d: %+v", round, e)
			}
		}
		// And it is found by a search, whether it was indexed or not.
		found := map[string]bool{}
		for _, id := range searched(t, l, Query{MerchantID: "m1", StatusFrom: 400, StatusTo: 499}) {
			if found[id] {
				t.Errorf("round %d: %s is found twice", round, id)
			}
			found[id] = true
		}
		for _, id := range ids {
			if !found[id] {
				t.Errorf("round %d: no search finds %s", round, id)
			}
		}
		tallyAgrees(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// tallyAgrees fails unless as much is counted as there is.
func tallyAgrees(t *testing.T, l *Log) {
	t.Helper()
	s := summed(t, l, TallyQuery{MerchantID: "m1", From: time.Unix(0, 0), To: time.Unix(1, 0), Step: TallySpan})
	counted := s.Steps[0].Classes
	refusals := searched(t, l, Query{MerchantID: "m1", StatusFrom: 400, StatusTo: 499})
	successes := searched(t, l, Query{MerchantID: "m1", StatusFrom: 200, StatusTo: 299})
	if counted[4] != uint64(len(refusals)) || counted[2] != uint64(len(successes)) || s.Causes[0].Count != counted[4] {
		t.Errorf("%d refusals and %d successes are there; counted are %v and %+v", len(refusals), len(successes), counted, s.Causes)
	}
}

// recordUntilKilled kills the child after it told so many ids and returns all
// it told.
func recordUntilKilled(t *testing.T, address string, enough int) (ids []string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+address)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "c") {
			t.Errorf("the child failed: %s", lines.Text())
			break
		}
		if ids = append(ids, lines.Text()); len(ids) == enough {
			if err := child.Process.Kill(); err != nil { // SIGKILL
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || len(ids) < enough {
		t.Fatalf("the child ended by itself after %d refusals: %v", len(ids), err)
	}
	return ids
}
