import { connectToPage } from '../channel/frame';
import type { FromWidget, ToWidget } from '../channel/messages';

const page = await connectToPage<FromWidget, ToWidget>();
page.listen((message) => {
  document.documentElement.lang = message.view.language;
  document.body.textContent = message.view.methods.map((method) => method.name).join(', ');
  page.send({ type: 'height', height: document.body.scrollHeight });
  page.send({ type: 'rendered' });
});
