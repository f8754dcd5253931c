// Every data-testid of the pages. They are a contract: docs/test-ids.md lists
// them, and a test compares the two. {…} stands for what is put in.

export const testIds = {
  flow: 'flow',
  flowMerchant: 'flow-merchant',
  flowAmount: 'flow-amount',
  flowTestdrive: 'flow-testdrive',
  flowClose: 'flow-close',
  flowStatus: 'flow-status',
  flowPreparing: 'flow-preparing',
  stages: 'stages',
  stage: 'stage-{name}',
  step: 'step-{name}',
  result: 'result-{name}',
  form: 'form',
  field: 'field-{path}',
  fieldPart: 'field-{path}-{part}',
  hint: 'hint-{path}',
  problem: 'problem-{path}',
  choice: 'choice-{category}',
  button: 'button-{action}',
  plan: 'plan',
  orderLines: 'order-lines',
  terms: 'terms',
  comparison: 'comparison',
  comparisonRow: 'comparison-{name}',
  noticeChanged: 'notice-changed',
  mendList: 'mend-list',
  reference: 'reference',
  widget: 'widget',
  widgetTestdrive: 'widget-testdrive',
  widgetMethod: 'widget-method-{category}',
  widgetPlan: 'widget-plan-{category}',
  widgetAmount: 'widget-amount',
  widgetTerms: 'widget-terms',
  widgetUnavailable: 'widget-unavailable',
  documentTerms: 'document-terms',
} as const;

/** A data-testid with its values put in. */
export function testId(name: keyof typeof testIds, values: Readonly<Record<string, string>> = {}): { 'data-testid': string } {
  return { 'data-testid': testIds[name].replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole) };
}
