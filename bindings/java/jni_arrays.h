// Java arrays into C++ values and back, and failures into Java exceptions. Clean under -Xcheck:jni: nothing is called
// while an exception is pending, and every call that may leave one is followed by a look.
#ifndef LIBINFER_JAVA_JNI_ARRAYS_H_
#define LIBINFER_JAVA_JNI_ARRAYS_H_
#include <jni.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <vector>

namespace libinfer_jni {

inline void raise_java(JNIEnv* env, const char* type, const char* message) {
  jclass c = env->FindClass(type);
  if (c) env->ThrowNew(c, message);
}

inline jbyteArray bytes(JNIEnv* env, const char* data, size_t size) {
  if (size > static_cast<size_t>(std::numeric_limits<jsize>::max())) {
    raise_java(env, "java/lang/OutOfMemoryError", "the result has more bytes than a Java array can");
    return nullptr;
  }
  jbyteArray out = env->NewByteArray(static_cast<jsize>(size));
  if (out) env->SetByteArrayRegion(out, 0, static_cast<jsize>(size), reinterpret_cast<const jbyte*>(data));
  return out;
}

// org.libinfer.InferException.of(status, message, hint) makes the exception of that status.
inline void raise(JNIEnv* env, int32_t status, const char* message, const char* hint) {
  jclass type = env->FindClass("org/libinfer/InferException");
  if (!type) return;
  jmethodID make = env->GetStaticMethodID(type, "of", "(I[B[B)Lorg/libinfer/InferException;");
  if (!make) return;
  jbyteArray m = bytes(env, message, std::strlen(message));
  if (!m) return;
  jbyteArray h = bytes(env, hint, std::strlen(hint));
  if (!h) return;
  jobject thrown = env->CallStaticObjectMethod(type, make, static_cast<jint>(status), m, h);
  if (env->ExceptionCheck()) return;
  env->Throw(static_cast<jthrowable>(thrown));
}

// take: false when an exception is pending.  give: nullptr then.
#define LIBINFER_JNI_TAKE(CONTAINER, JAVA, NAME)                                                             \
  inline bool take(JNIEnv* env, JAVA##Array from, CONTAINER& to) {                                           \
    if (!from) return raise_java(env, "java/lang/NullPointerException", "an argument is null"), false;       \
    try {                                                                                                    \
      to.resize(static_cast<size_t>(env->GetArrayLength(from)));                                             \
    } catch (const std::bad_alloc&) {                                                                        \
      return raise_java(env, "java/lang/OutOfMemoryError", "no memory for an argument"), false;              \
    }                                                                                                        \
    env->Get##NAME##ArrayRegion(from, 0, static_cast<jsize>(to.size()), reinterpret_cast<JAVA*>(to.data())); \
    return true;                                                                                             \
  }
#define LIBINFER_JNI_GIVE(CPP, JAVA, NAME)                                                                      \
  inline JAVA##Array give(JNIEnv* env, const std::vector<CPP>& from) {                                          \
    if (from.size() > static_cast<size_t>(std::numeric_limits<jsize>::max()))                                   \
      return raise_java(env, "java/lang/OutOfMemoryError", "more numbers than a Java array can hold"), nullptr; \
    JAVA##Array out = env->New##NAME##Array(static_cast<jsize>(from.size()));                                   \
    if (out)                                                                                                    \
      env->Set##NAME##ArrayRegion(out, 0, static_cast<jsize>(from.size()),                                      \
                                  reinterpret_cast<const JAVA*>(from.data()));                                  \
    return out;                                                                                                 \
  }
LIBINFER_JNI_TAKE(std::string, jbyte, Byte)
LIBINFER_JNI_TAKE(std::vector<int32_t>, jint, Int)
LIBINFER_JNI_TAKE(std::vector<float>, jfloat, Float)
LIBINFER_JNI_TAKE(std::vector<double>, jdouble, Double)
LIBINFER_JNI_GIVE(int32_t, jint, Int)
LIBINFER_JNI_GIVE(float, jfloat, Float)
LIBINFER_JNI_GIVE(double, jdouble, Double)
#undef LIBINFER_JNI_TAKE
#undef LIBINFER_JNI_GIVE

inline jbyteArray give(JNIEnv* env, const std::string& from) { return bytes(env, from.data(), from.size()); }

}  // namespace libinfer_jni
#endif  // LIBINFER_JAVA_JNI_ARRAYS_H_
