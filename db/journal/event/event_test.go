package event

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// filled is a value of a struct with something in every field.
func filled(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	for i := range t.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x\"<\n")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int, reflect.Int64:
			f.SetInt(7)
		case reflect.Uint64:
			f.SetUint(7)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"a", "b"}))
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
			if f.Elem().Kind() == reflect.Struct {
				f.Elem().Set(filled(f.Type().Elem()))
			}
		}
	}
	return v
}

// BE-07: each type is read from the JSON that it is written as, and its fields are those of the JSON.
func TestEveryTypeIsReadAsItIsWritten(t *testing.T) {
	for _, i := range All {
		data := filled(reflect.TypeOf(i.Zero)).Interface().(Data)
		text, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(i.Type(), text); err != nil || !reflect.DeepEqual(got, data) {
			t.Errorf("%s: %+v, %v; want %+v", i.Type(), got, err, data)
		}
		if zero, err := Decode(i.Type(), []byte("{}")); err != nil || !reflect.DeepEqual(zero, i.Zero) {
			t.Errorf("%s of {}: %+v, %v", i.Type(), zero, err)
		}
		var inJSON map[string]any
		if err := json.Unmarshal(text, &inJSON); err != nil {
			t.Fatal(err)
		}
		for _, f := range i.Fields() {
			name, _, _ := strings.Cut(f.Name, "-")
			if _, ok := inJSON[name]; !ok {
				t.Errorf("%s has no %s in %s", i.Type(), f.Name, text)
			}
			delete(inJSON, strings.TrimSuffix(f.Name, "-"))
		}
		delete(inJSON, "end") // its fields are end-by and so on
		if len(inJSON) > 0 {
			t.Errorf("%s: Fields lacks %v", i.Type(), inJSON)
		}
	}
}

func TestLookup(t *testing.T) {
	if i, ok := Lookup("failover"); !ok || i.Zero != (Failover{}) {
		t.Errorf("%+v %v", i, ok)
	}
	if _, ok := Lookup("birthday"); ok {
		t.Error("there is an event birthday")
	}
	if _, err := Decode("birthday", []byte("{}")); err == nil {
		t.Error("an event birthday is read")
	}
	if _, err := Decode("failover", []byte(`{"from":1}`)); err == nil {
		t.Error("a number is a server")
	}
	all := []string{"dropped"}
	for _, g := range Groups {
		all = append(all, OfGroup(g)...)
	}
	if types := Types(); len(all) != len(types) || slices.ContainsFunc(types, func(w string) bool { return !slices.Contains(all, w) }) {
		t.Errorf("the groups have %v", all)
	}
	if got := Names(Failover{}, Call{}); !slices.Equal(got, []string{"failover", "call"}) {
		t.Error(got)
	}
	if panel := PanelTypes(); slices.Contains(panel, "send") || !slices.Contains(panel, "dtmf") {
		t.Errorf("on the panel: %v", panel)
	}
}

// FuzzDecode: whatever was saved is data or an error, and data can be written again.
func FuzzDecode(f *testing.F) {
	f.Add(uint8(0), []byte(`{"from":"primary"}`))
	f.Add(uint8(22), []byte(`{"id":"1","end":null,"more":{}}`))
	f.Fuzz(func(t *testing.T, n uint8, data []byte) {
		i := All[int(n)%len(All)]
		got, err := Decode(i.Type(), data)
		if err != nil {
			return
		}
		if _, err := json.Marshal(got); err != nil || got.EventType() != i.Type() {
			t.Errorf("%s: %+v, %v", i.Type(), got, err)
		}
	})
}
