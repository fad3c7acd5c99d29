/* The library loads, fits its header and sees a device. */
#include <libinfer/infer.h>
#include <stdio.h>

int main(void) {
  infer_runtime* runtime = NULL;
  infer_device device = INFER_DEVICE_INIT;
  if (infer_abi_version() >> 16 != INFER_ABI_MAJOR) return 1;
  if (infer_runtime_new(NULL, NULL, &runtime) || infer_runtime_device_at(runtime, 0, &device)) return 2;
  printf("libinfer %s on %s (%s)\n", infer_version(), device.name, device.backend);
  infer_runtime_release(runtime);
  return 0;
}
