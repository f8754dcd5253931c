import type { Ask, Call, CallRequest, Result, WidgetView } from './shapes';

/** What the SDK tells a widget. */
export type ToWidget = { type: 'show'; view: WidgetView; scheme?: Scheme };

/** Whether the ground is light or dark. */
export type Scheme = 'light' | 'dark';

/** What a widget tells the SDK. Heights are CSS pixels. */
export type FromWidget =
  | { type: 'height'; height: number }
  | { type: 'rendered' }
  | { type: 'link'; url: string };

/** Everything the purchase flow needs to go on with a call. */
export interface Start {
  type: 'start';
  base: string;
  client_token: string;
  session_id: string;
  call: Call;
  request: CallRequest;
  ask: Ask;
  popup: boolean;
}

/** What the SDK tells the purchase flow. */
export type ToFlow = Start | { type: 'cancel' };

/** What the purchase flow tells the SDK. */
export type FromFlow =
  | { type: 'result'; result: Result; notes: string[] }
  | { type: 'busy'; busy: boolean };
