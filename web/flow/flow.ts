import { connectToPage } from '../channel/frame';
import type { FromFlow, ToFlow } from '../channel/messages';

const page = await connectToPage<FromFlow, ToFlow>();
page.listen((message) => {
  if (message.type === 'start') {
    document.documentElement.lang = message.ask.language;
    document.body.textContent = message.ask.step;
  }
});
