-- readable-from: 1
-- What is listed of orders; it follows from the session's revision of that number. It
-- is NULL in the rows of a program that kept no list, until they are filled in. A
-- reference that there is none of is NULL too.
ALTER TABLE orders
    ADD COLUMN revision     bigint,
    ADD COLUMN authorized   bigint,
    ADD COLUMN captured     bigint,
    ADD COLUMN released     bigint,
    ADD COLUMN refunded     bigint,
    ADD COLUMN currency     text,
    ADD COLUMN fraud_status text,
    ADD COLUMN reference1   text,
    ADD COLUMN reference2   text;

-- The sum is so that a planner does not take this one for the orders of a merchant.
CREATE INDEX orders_newest ON orders ((created_at + 0), order_id);
CREATE INDEX orders_of_merchant ON orders (merchant_id, created_at, order_id);

-- The merchant comes first: whoever uses the same reference for all orders makes no
-- other merchant's list longer to read.
CREATE INDEX orders_by_reference1 ON orders (reference1, merchant_id, created_at, order_id) WHERE reference1 IS NOT NULL;
CREATE INDEX orders_by_reference2 ON orders (reference2, merchant_id, created_at, order_id) WHERE reference2 IS NOT NULL;

-- Few orders were referred, and fewer are rejected: these cost the others nothing.
CREATE INDEX orders_referred ON orders (fraud_status, created_at, order_id) WHERE fraud_status <> 'ACCEPTED';
CREATE INDEX orders_referred_of_merchant ON orders (merchant_id, fraud_status, created_at, order_id) WHERE fraud_status <> 'ACCEPTED';
CREATE INDEX orders_unlisted ON orders (order_id) WHERE revision IS NULL;
