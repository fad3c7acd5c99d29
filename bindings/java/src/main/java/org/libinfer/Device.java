package org.libinfer;

/** A device that a model can run on. */
public final class Device {
  static final int CELLS = 6;

  private final int kind;
  private final String backend;
  private final String name;
  private final String features;
  private final long memoryTotal;
  private final long memoryFree;

  Device(String[] cells, int at) {
    kind = Integer.parseInt(cells[at]);
    backend = cells[at + 1];
    name = cells[at + 2];
    features = cells[at + 3];
    memoryTotal = Long.parseLong(cells[at + 4]);
    memoryFree = Long.parseLong(cells[at + 5]);
  }

  /**
   * Whether this is the machine's own processor.
   *
   * @return false for a GPU and the like
   */
  public boolean isCpu() {
    return kind == 0;
  }

  /**
   * The backend that drives it.
   *
   * @return such as "cpu"
   */
  public String backend() {
    return backend;
  }

  /**
   * What it calls itself.
   *
   * @return such as "AMD EPYC 7B13"
   */
  public String name() {
    return name;
  }

  /**
   * What the backend found and uses.
   *
   * @return such as "avx2 fma f16c"
   */
  public String features() {
    return features;
  }

  /**
   * Its memory.
   *
   * @return bytes; 0: not known
   */
  public long memoryTotal() {
    return memoryTotal;
  }

  /**
   * Its memory that is free.
   *
   * @return bytes; 0: not known
   */
  public long memoryFree() {
    return memoryFree;
  }

  @Override
  public String toString() {
    return backend + ": " + name + " (" + features + ")";
  }
}
