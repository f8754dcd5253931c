// The JSON of the browser API (docs/browser-api.md). Amounts are integers of
// minor units, dates are YYYY-MM-DD.

/** The calls of `Klarna.Payments` that go to the server. */
export type Call = 'load' | 'authorize' | 'reauthorize' | 'finalize';

/** A way to pay. */
export interface Method {
  payment_method_category: string;
  name: string;
  number_of_days: number;
  number_of_installments: number;
}

/** What the customer agrees to. */
export interface Terms {
  payment_method_category: string;
  order_amount: number;
  purchase_currency: string;
  number_of_days: number;
  number_of_installments: number;
}

/** The colours and radius a merchant set in the session's `options`. */
export type Look = Readonly<Record<string, string>>;

/** What is true of the session whatever is shown of it. */
export interface Setting {
  language: string;
  locale: string;
  playground: boolean;
  merchant_name: string;
  order_amount: number;
  purchase_currency: string;
  intent: string;
  options: Look;
}

/** What a widget shows. */
export interface WidgetView extends Setting {
  available: boolean;
  methods: Method[];
}

export interface OrderLine {
  name: string;
  quantity: number;
  total_amount: number;
}

/** A detail that somebody must still give. */
export interface Field {
  path: string;
  value: string;
  type: 'text' | 'email' | 'tel' | 'date' | 'national_id';
}

/** What was wrong with an answer, by the answer's name. */
export interface Problem {
  path: string;
  reason: 'required' | 'invalid' | 'wrong' | 'changed';
}

export type Step = 'identify' | 'code' | 'details' | 'method' | 'confirm';

/** The step of the purchase flow that comes next. */
export interface Ask extends Setting {
  step: Step;
  call: Call;
  order_lines?: OrderLine[];
  problems?: Problem[];
  login?: string;
  fields?: Field[];
  methods?: Method[];
  preferred?: string;
  terms?: Terms;
  agreed?: Terms;
}

/** What the customer has said so far. */
export interface Answers {
  login?: string;
  code?: string;
  details?: { [name: string]: string | Record<string, string> };
  payment_method_category?: string;
  consent?: Terms;
  cancelled?: boolean;
}

/** The body of a call. `data` is what the page gave, as it stands. */
export interface CallRequest {
  /** Names a call of the purchase; the same in all its requests and repetitions. */
  call_id?: string;
  /** Of the device, made once; absent where the page may store nothing. */
  device_id?: string;
  data?: object;
  payment_method_category?: string;
  payment_method_categories?: string[];
  preferred_payment_method?: string;
  auto_finalize?: boolean;
  collect_shipping_address?: boolean;
  interaction?: string;
  shown_revision?: number;
  answers?: Answers;
}

/** What the shop's callback gets. The server decides its keys. */
export interface Result {
  show_form: boolean;
  approved?: boolean;
  finalize_required?: boolean;
  authorization_token?: string;
  error?: { invalid_fields: string[] };
  [name: string]: unknown;
}

/** The answer to a call: exactly one of `result` and `ask`. */
export interface CallAnswer {
  revision: number;
  notes: string[];
  result?: Result;
  ask?: Ask;
  widget?: WidgetView;
  /** beside invalid fields: the rules that were broken */
  violations?: object[];
}

/** The protocol's envelope of a failure. */
export interface Failure {
  error_code: string;
  error_messages: string[];
  correlation_id: string;
}
