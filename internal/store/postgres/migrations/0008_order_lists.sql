-- readable-from: 1
-- The indexes of the list of orders, apart from its columns: while they are made orders
-- are read, and no order is placed or put into the list.

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
