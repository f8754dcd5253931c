// Amounts are integers of minor units: 10000 is 100.00. Dates are YYYY-MM-DD.

export type PaymentMethodCategory =
  | 'klarna'
  | 'pay_later'
  | 'pay_now'
  | 'pay_over_time'
  | 'pay_in_parts'
  | 'card'
  | 'direct_debit'
  | 'direct_bank_transfer';

export type PreferredPaymentMethod =
  | 'base_account'
  | 'deferred_interest'
  | 'direct_bank_transfer'
  | 'direct_debit'
  | 'fixed_amount'
  | 'invoice'
  | 'b2b_invoice'
  | 'pix';

/** A category as the answer that created the session has it. */
export interface PaymentMethodCategoryObject {
  identifier: PaymentMethodCategory | (string & {});
  name?: string;
  asset_urls?: { descriptive?: string; standard?: string };
}

export interface Address {
  given_name?: string;
  family_name?: string;
  email?: string;
  title?: string;
  phone?: string;
  street_address?: string;
  street_address2?: string;
  street_name?: string;
  street_number?: string;
  house_extension?: string;
  postal_code?: string;
  city?: string;
  region?: string;
  /** ISO 3166 alpha-2 */
  country?: string;
  organization_name?: string;
  attention?: string;
}

export interface Customer {
  date_of_birth?: string;
  gender?: string;
  last_four_ssn?: string;
  national_identification_number?: string;
  organization_registration_id?: string;
  title?: string;
  type?: string;
  vat_id?: string;
}

export interface OrderLine {
  name: string;
  quantity: number;
  unit_price: number;
  total_amount: number;
  type?: string | null;
  reference?: string | null;
  quantity_unit?: string | null;
  /** hundredths of a percent: 2500 is 25 % */
  tax_rate?: number;
  total_discount_amount?: number;
  total_tax_amount?: number;
  image_url?: string | null;
  product_url?: string | null;
  merchant_data?: string | null;
  [name: string]: unknown;
}

/** Any part of an order, in the shape of the session. */
export interface Order {
  purchase_country?: string;
  purchase_currency?: string;
  locale?: string;
  order_amount?: number;
  order_tax_amount?: number;
  order_lines?: OrderLine[];
  billing_address?: Address;
  shipping_address?: Address;
  customer?: Customer;
  merchant_reference1?: string;
  merchant_reference2?: string;
  merchant_data?: string;
  merchant_urls?: { confirmation?: string; notification?: string; push?: string; authorization?: string };
  attachment?: { content_type: string; body: string };
  [name: string]: unknown;
}

/** Which widget and which ways to pay are meant. */
export interface Selection {
  payment_method_category?: PaymentMethodCategory | PaymentMethodCategoryObject | '' | null;
  /** several categories in one widget; load, reauthorize and finalize then need instance_id */
  payment_method_categories?: readonly (PaymentMethodCategory | PaymentMethodCategoryObject)[] | PaymentMethodCategory | null;
  /** the widget's name: letters, digits, _ and - */
  instance_id?: string | null;
  preferred_payment_method?: PreferredPaymentMethod | false | null;
}

export interface LoadOptions extends Selection {
  /** a CSS selector or the element itself */
  container: string | HTMLElement;
  client_token?: string;
  /** takes the links of the widget; false lets the widget open them */
  on_show_external_document?: (url: string) => unknown;
  /** accepted and ignored */
  purchase_amount?: number;
}

export interface AuthorizeOptions extends Selection {
  /** false: finalize will complete it; default true */
  auto_finalize?: boolean | 'true' | 'false';
  /** default false */
  collect_shipping_address?: boolean | 'true' | 'false';
  /** where the purchase flow is shown; default over the page */
  interaction_mode?: 'IFRAME' | 'POPUP';
}

export interface FinalizeOptions extends Selection {
  interaction_mode?: 'IFRAME' | 'POPUP';
}

export interface ResultError {
  /** dotted paths into the data, for example billing_address.email */
  invalid_fields: string[];
}

export interface LoadResult {
  /** false: do not offer this way to pay for this order */
  show_form: boolean;
  error?: ResultError;
}

export interface AuthorizeResult {
  /** false: this way to pay is over for this order */
  show_form: boolean;
  approved: boolean;
  /** true: call finalize when the customer buys; there is no token yet */
  finalize_required?: boolean;
  /** to be ordered with on the server within 60 minutes; the newest alone is live */
  authorization_token?: string;
  error?: ResultError;
  collected_shipping_address?: Address;
}

export interface ExpressResult extends AuthorizeResult {
  client_token?: string;
  session_id?: string;
  payment_method_categories?: PaymentMethodCategoryObject[];
}

/** (options, data, callback), (options, callback) or (callback). */
export interface PurchaseCall<Options, Result> {
  (options: Options, data: Order | null | undefined, callback?: (result: Result) => void): void;
  (options: Options, callback?: (result: Result) => void): void;
  (callback: (result: Result) => void): void;
}

export interface Events {
  heightChanged: (height: number, widget: string) => void;
  fullscreenOverlayShown: (widget: string) => void;
  fullscreenOverlayHidden: (widget: string) => void;
}

export interface EventSource {
  /** @throws EventNotSupportedError */
  on<Name extends keyof Events>(name: Name, handler: Events[Name]): void;
  /** Without a handler it removes all of that event. @throws EventNotSupportedError */
  off<Name extends keyof Events>(name: Name, handler?: Events[Name]): void;
}

export interface InitOptions {
  client_token: string;
  [name: string]: unknown;
}

export interface Init<Namespace> {
  /** @throws InvalidClientTokenError */
  (options: InitOptions): Namespace;
  (options: InitOptions, callback: (answer: Namespace | { error: Error }) => void): undefined;
  (options: { client_id: string }, order: Order, callback: (answer: Namespace | { error: Error }) => void): undefined;
}

export interface Load {
  (options: LoadOptions, data: Order | null | undefined, callback?: (result: LoadResult) => void): void;
  (options: LoadOptions, callback?: (result: LoadResult) => void): void;
}

export type LoadPaymentReview = (options: { container: string | HTMLElement }, callback?: (result: LoadResult) => void) => void;

export interface ButtonOptions {
  container: string | HTMLElement;
  /** is given authorize, to be called in the click */
  on_click: (authorize: ExpressAuthorize) => unknown;
  theme?: 'default' | 'light' | 'dark' | 'outlined';
  shape?: 'default' | 'rect' | 'pill';
  label?: 'default' | 'continue';
  /** for example sv-SE; default that of the token, else of the browser */
  locale?: string;
}

export interface ExpressOptions {
  auto_finalize?: boolean | 'true' | 'false';
  collect_shipping_address?: boolean | 'true' | 'false';
  interaction_mode?: 'IFRAME' | 'POPUP';
}

export interface ExpressAuthorize {
  (options: ExpressOptions, order: Order | null, callback?: (result: ExpressResult) => void): void;
  (order: Order, callback?: (result: ExpressResult) => void): void;
}

/** Express checkout. */
export interface Buttons {
  init(options: { client_id: string } | { client_key: string } | { client_token: string }): Buttons;
  load(options: ButtonOptions, callback?: (answer: { show_form: boolean; error?: Error }) => void): void;
  authorize: ExpressAuthorize;
}

export interface KlarnaPayments extends EventSource {
  init: Init<KlarnaPayments>;
  load: Load;
  authorize: PurchaseCall<AuthorizeOptions, AuthorizeResult>;
  reauthorize: PurchaseCall<FinalizeOptions, AuthorizeResult>;
  finalize: PurchaseCall<FinalizeOptions, AuthorizeResult>;
  loadPaymentReview: LoadPaymentReview;
  readonly Buttons: Buttons;
  readonly initialized: boolean;
}

/** The old namespaces take (data, options, callback), (data, callback) or (callback). */
export interface LegacyCall<Options, Result> {
  (data: Order | null | undefined, options: Options, callback?: (result: Result) => void): void;
  (data: Order, callback?: (result: Result) => void): void;
  (callback: (result: Result) => void): void;
}

export interface KlarnaDirectDebit extends EventSource {
  init: Init<KlarnaDirectDebit>;
  load: Load;
  authorize: LegacyCall<AuthorizeOptions, AuthorizeResult>;
  reauthorize: LegacyCall<FinalizeOptions, AuthorizeResult>;
}

export interface KlarnaCredit extends EventSource {
  init: Init<KlarnaCredit>;
  load: Load;
  authorize: LegacyCall<AuthorizeOptions, AuthorizeResult>;
  reauthorize: LegacyCall<FinalizeOptions, AuthorizeResult>;
  loadPaymentReview: LoadPaymentReview;
}

export interface KlarnaDirectBankTransfer extends EventSource {
  init: Init<KlarnaDirectBankTransfer>;
  load: Load;
  authorize: LegacyCall<AuthorizeOptions, AuthorizeResult>;
  finalize: LegacyCall<FinalizeOptions, AuthorizeResult>;
}

export interface Klarna {
  Payments: KlarnaPayments;
  Credit: KlarnaCredit;
  DirectDebit: KlarnaDirectDebit;
  DirectBankTransfer: KlarnaDirectBankTransfer;
}

declare global {
  interface Window {
    Klarna?: Klarna;
    /** is called, without arguments, when Klarna.Payments is there */
    klarnaAsyncCallback?: () => void;
    /** switches of a page in a test; the original and `kvitto serve` ignore them */
    kvitto?: { interaction?: 'none' | 'full' };
  }
}

/**
 * Loads the script, at most once for a page, and gives Klarna.Payments. After a
 * failure the next call tries again.
 *
 * @param url for example http://127.0.0.1:7420/kp/lib/v1/api.js or
 *   https://x.klarnacdn.net/kp/lib/v1/api.js
 */
export function loadKlarnaPayments(url: string): Promise<KlarnaPayments>;
