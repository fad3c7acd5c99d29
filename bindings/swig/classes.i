// The description that Java and C# share. A language's file says first how std::string (UTF-8), std::vector<int32_t>,
// <float> and <double> cross, and what %exception does with libinfer_swig::failure(); then it includes this one.
%{
#include "bindings/swig/handles.h"
using namespace libinfer_swig;
%}

// What these return belongs to the caller.
%newobject libinfer_swig::NativeRuntime::create;
%newobject libinfer_swig::NativeRuntime::open;
%newobject libinfer_swig::NativeRuntime::open_start;
%newobject libinfer_swig::NativeRuntime::devices;
%newobject libinfer_swig::NativeModel::engine;
%newobject libinfer_swig::NativeModel::metadata;
%newobject libinfer_swig::NativeEngine::submit_text;
%newobject libinfer_swig::NativeEngine::submit_chat;
%newobject libinfer_swig::NativeEngine::submit_tokens;
%newobject libinfer_swig::NativeEngine::submit_json;
%newobject libinfer_swig::NativeEngine::prompt;
%newobject libinfer_swig::NativeEngine::counters;
%newobject libinfer_swig::NativeEngine::adapters;
%newobject libinfer_swig::NativePrompt::stream;
%newobject libinfer_swig::NativePrompt::fork;

// Templates, and what C++ alone uses.
%ignore libinfer_swig::failure;
%ignore libinfer_swig::value_of;
%ignore libinfer_swig::check;
%ignore libinfer_swig::made;

// Object.wait is final in Java.
%rename(wait_for) libinfer_swig::NativeModel::wait;
%rename(wait_for) libinfer_swig::NativePrompt::wait;

%include "bindings/swig/handles.h"
