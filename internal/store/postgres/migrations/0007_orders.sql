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
