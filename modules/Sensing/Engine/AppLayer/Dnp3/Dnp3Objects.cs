using System.Globalization;
using System.Text;

namespace Appliance.Sensing.Engine.AppLayer.Dnp3;

internal enum Dnp3Kind : byte { Unsigned, Signed, Float, Text, ZeroEndedText, Base64 }

/// <summary>One field of an object. <paramref name="Bits"/> is its width; texts and octets take the number in the field <paramref name="LengthIn"/>, or what is left of the object's own size (-1).</summary>
internal sealed record Dnp3Field(byte[] Name, Dnp3Kind Kind, int Bits, int LengthIn, bool NeedsNoSize = false)
{
    /// <summary>Takes what is left of the object's own size.</summary>
    public bool FillsObject => Kind >= Dnp3Kind.Text && Bits == 0 && LengthIn < 0;
}

/// <summary>The shape of one object: its fields in the order of the wire. Packed objects share bytes between points.</summary>
internal sealed record Dnp3Shape(Dnp3Field[] Fields, bool Packed);

/// <summary>
/// The object library (IEEE 1815 annex A) as a table: "group.variation[,group.variation]* fields". A field is name:kind, where b3 is three bits, u16, i32, f64 are
/// numbers, t is text and x octets; =name says which field tells its length, * that it fills what the object's size leaves (? also without a size prefix), =4 that it has four bytes.
/// Names in capitals stand for the flag octets that many objects begin with.
/// </summary>
internal static class Dnp3Objects
{
    private static readonly Dictionary<string, string> Flags = new()
    {
        ["INPUT"] = "online:b1 restart:b1 comm_lost:b1 remote_forced:b1 local_forced:b1 chatter_filter:b1 reserved:b1 state:b1",
        ["DOUBLE"] = "online:b1 restart:b1 comm_lost:b1 remote_forced:b1 local_forced:b1 chatter_filter:b1 state:b2",
        ["OUTPUT"] = "online:b1 restart:b1 comm_lost:b1 remote_forced:b1 local_forced:b1 reserved0:b1 reserved1:b1 state:b1",
        ["COUNTER"] = "online:b1 restart:b1 comm_lost:b1 remote_forced:b1 local_forced:b1 rollover:b1 discontinuity:b1 reserved0:b1",
        ["COUNTER1"] = "online:b1 restart:b1 comm_lost:b1 remote_forced:b1 local_forced:b1 rollover:b1 discontinuity:b1 reserved1:b1",
        ["DELTA"] = "online:b1 restart:b1 comm_lost:b1 remote_forced:b1 local_forced:b1 rollover:b1 reserved0:b1 reserved1:b1",
        ["ANALOG"] = "online:b1 restart:b1 comm_lost:b1 remote_forced:b1 local_forced:b1 over_range:b1 reference_err:b1 reserved0:b1",
        ["STATISTIC"] = "online:b1 restart:b1 comm_lost:b1 remote_forced:b1 local_forced:b1 reserved0:b1 discontinuity:b1 reserved1:b1",
        ["CONTROL"] = "op_type:b4 qu:b1 cr:b1 tcc:b2 count:u8 ontime:u32 offtime:u32 status_code:b7 reserved:b1",
        ["COMMAND"] = "status_code:b7 reserved0:b1",
    };

    private const string Table = """
        1.1,10.1,80.1 state:b1 PACKED
        1.2 INPUT
        2.1 state:u8
        2.2 INPUT timestamp:u48
        2.3 INPUT timestamp:u16
        3.1 state:b2 PACKED
        3.2,4.1 DOUBLE
        4.2 DOUBLE timestamp:u48
        4.3 DOUBLE relative_time_ms:u16
        10.2,11.1 OUTPUT
        11.2 OUTPUT timestamp:u48
        12.1,12.2 CONTROL
        12.3 point:b1 PACKED
        13.1 status_code:b7 commanded_state:b1
        13.2 status_code:b7 commanded_state:b1 timestamp:u48
        20.1,21.1,22.1,23.1 COUNTER count:u32
        20.2,21.2,22.2 COUNTER count:u16
        20.3,21.3,22.3,23.3 DELTA count:u32
        20.4,21.4,22.4,23.2,23.4 DELTA count:u16
        20.5,20.7,21.9,21.11 count:u32
        20.6,20.8,21.10,21.12 count:u16
        21.5 COUNTER1 count:u32 timestamp:u48
        21.6 COUNTER1 count:u16 timestamp:u48
        21.7,22.5,22.7,23.7 DELTA count:u32 timestamp:u48
        21.8,22.8,23.8 DELTA count:u16 timestamp:u48
        23.5 COUNTER count:u32 timestamp:u48
        22.6,23.6 COUNTER count:u16 timestamp:u48
        30.1,31.1,32.1,33.1,40.1,42.1 ANALOG value:i32
        30.2,31.2,32.2,33.2,40.2,42.2 ANALOG value:i16
        30.3,31.5 value:i32
        30.4,31.6 value:i16
        30.5,31.7,32.5,33.5,40.3,42.5 ANALOG value:f32
        30.6,31.8,32.6,33.6,40.4,42.6 ANALOG value:f64
        31.3,32.3,33.3,42.3 ANALOG value:i32 timestamp:u48
        31.4,32.4,33.4,42.4 ANALOG value:i16 timestamp:u48
        32.7,33.7,42.7 ANALOG value:f32 timestamp:u48
        32.8,33.8,42.8 ANALOG value:f64 timestamp:u48
        34.1 deadband_value:u16
        34.2 deadband_value:u32
        34.3 deadband_value:f32
        41.1 value:i32 control_status:u8
        41.2 value:i16 control_status:u8
        41.3 value:f32 control_status:u8
        41.4 value:f64 control_status:u8
        43.1 COMMAND commanded_value:i32
        43.2 COMMAND commanded_value:i16
        43.3 COMMAND commanded_value:i32 timestamp:u48
        43.4 COMMAND commanded_value:i16 timestamp:u48
        43.5 COMMAND commanded_value:f32
        43.6 COMMAND commanded_value:f64
        43.7 COMMAND commanded_value:f32 timestamp:u48
        43.8 COMMAND commanded_value:f64 timestamp:u48
        50.1,50.3,51.1,51.2 timestamp:u48
        50.2 timestamp:u48 interval:u32
        50.4 timestamp:u48 interval_count:u32 interval_units:u8
        52.1 delay_secs:u16
        52.2 delay_ms:u16
        70.1 filename_size:u16 filetype_code:u8 attribute_code:u8 start_record:u16 end_record:u16 file_size:u32 created_timestamp:u48 permission:u16 file_id:u32 owner_id:u32 group_id:u32 file_function_code:u8 status_code:u8 filename:t=filename_size data_size:u16 data:t=data_size
        70.2 username_offset:u16 username_size:u16 password_offset:u16 password_size:u16 authentication_key:u32 username:t=username_size password:t=password_size
        70.3 filename_offset:u16 filename_size:u16 created:u48 permissions:u16 authentication_key:u32 file_size:u32 operational_mode:u16 maximum_block_size:u16 request_id:u16 filename:t=filename_size
        70.4 file_handle:u32 file_size:u32 maximum_block_size:u16 request_id:u16 status_code:u8 optional_text:t*
        70.5 file_handle:u32 block_number:u32 file_data:t*
        70.6 file_handle:u32 block_number:u32 status_code:u8 optional_text:t*
        70.7 filename_offset:u16 filename_size:u16 file_type:u16 file_size:u32 created_timestamp:u48 permissions:u16 request_id:u16 filename:t=filename_size
        70.8 file_specification:t*
        81.1 fill_percentage:b7 overflow_state:b1 group:u8 variation:u8
        83.1 vendor_code:z=4 object_id:u16 length:u16 data_objects:x=length
        86.2 rd:b1 wr:b1 st:b1 ev:b1 df:b1 padding0:b1 padding1:b1 padding2:b1
        102.1 value:u8
        120.1 csq:u32 usr:u16 mal:u8 reason:u8 challenge_data:x*
        120.2 csq:u32 usr:u16 mac_value:x*
        120.3 csq:u32 user_number:u16
        120.4 user_number:u16
        120.5 ksq:u32 user_number:u16 key_wrap_alg:u8 key_status:u8 mal:u8 challenge_data_len:u16 challenge_data:x=challenge_data_len mac_value:x*
        120.6 ksq:u24 usr:u16 wrapped_key_data:x*
        120.7 sequence_number:u32 usr:u16 association_id:u16 error_code:u8 time_of_error:u48 error_text:t*
        120.8 key_change_method:u8 certificate_type:u8 certificate:x*
        120.9 mac_value:x?
        120.10 key_change_method:u8 operation:u8 scs:u32 user_role:u16 user_role_expiry_interval:u16 username_len:u16 user_public_key_len:u16 certification_data_len:u16 username:t=username_len user_public_key:x=user_public_key_len certification_data:x=certification_data_len
        120.11 key_change_method:u8 username_len:u16 master_challenge_data_len:u16 username:t=username_len master_challenge_data:x=master_challenge_data_len
        120.12 ksq:u32 user_number:u16 challenge_data_len:u16 challenge_data:x=challenge_data_len
        120.13 ksq:u32 user_number:u16 encrypted_update_key_len:u16 encrypted_update_key_data:x=encrypted_update_key_len
        120.14 digital_signature:x*
        120.15 mac:x*
        121.1,122.1 STATISTIC association_id:u16 count_value:u32
        122.2 STATISTIC association_id:u16 count_value:u32 timestamp:u48
        """;

    private static readonly Dictionary<int, Dnp3Shape> Shapes = Read();

    /// <summary>The shape of an object, or null when the library does not know it.</summary>
    public static Dnp3Shape? Find(byte group, byte variation) => Shapes.GetValueOrDefault(group << 8 | variation);

    private static Dictionary<int, Dnp3Shape> Read()
    {
        var shapes = new Dictionary<int, Dnp3Shape>();
        foreach (string line in Table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            Dnp3Shape shape = ReadShape(line[(space + 1)..].Split(' '));
            foreach (string number in line[..space].Split(','))
            {
                string[] parts = number.Split('.');
                shapes.Add(int.Parse(parts[0], CultureInfo.InvariantCulture) << 8 | int.Parse(parts[1], CultureInfo.InvariantCulture), shape);
            }
        }
        return shapes;
    }

    private static Dnp3Shape ReadShape(string[] words)
    {
        var fields = new List<Dnp3Field>();
        var names = new List<string>();
        bool packed = false;
        foreach (string word in words)
        {
            if (word == "PACKED") packed = true;
            else
                foreach (string field in Flags.TryGetValue(word, out string? flags) ? flags.Split(' ') : [word])
                {
                    int colon = field.IndexOf(':', StringComparison.Ordinal);
                    fields.Add(ReadField(field[..colon], field[(colon + 1)..], names));
                    names.Add(field[..colon]);
                }
        }
        return new Dnp3Shape([.. fields], packed);
    }

    private static Dnp3Field ReadField(string name, string type, List<string> names)
    {
        string rest = type[1..];
        Dnp3Kind kind = type[0] switch { 'i' => Dnp3Kind.Signed, 'f' => Dnp3Kind.Float, 't' => Dnp3Kind.Text, 'z' => Dnp3Kind.ZeroEndedText, 'x' => Dnp3Kind.Base64, _ => Dnp3Kind.Unsigned };
        // octets that are shown as such carry this prefix in records
        byte[] shown = Encoding.ASCII.GetBytes(kind is Dnp3Kind.Base64 or Dnp3Kind.ZeroEndedText ? "data->" + name : name);
        if (rest is "*" or "?") return new Dnp3Field(shown, kind, 0, -1, rest == "?");
        if (kind == Dnp3Kind.ZeroEndedText) return new Dnp3Field(shown, kind, 8 * int.Parse(rest[1..], CultureInfo.InvariantCulture), -1);
        if (rest[0] == '=') return new Dnp3Field(shown, kind, 0, names.IndexOf(rest[1..]));
        return new Dnp3Field(shown, kind, int.Parse(rest, CultureInfo.InvariantCulture), -1);
    }
}
