# Makes the two tables beside it: perl make.pl (Debian: libmaxmind-db-writer-perl).
use MaxMind::DB::Writer::Tree;
my %c=(country=>'map',iso_code=>'utf8_string',names=>'map',en=>'utf8_string');
my $t=MaxMind::DB::Writer::Tree->new(ip_version=>6,record_size=>24,database_type=>'Sample-Country',languages=>['en'],description=>{en=>'Places for tests'},map_key_type_callback=>sub{$c{$_[0]}},remove_reserved_networks=>0);
$t->insert_network('45.80.0.0/13',{country=>{iso_code=>'NL'}});
$t->insert_network('2a0a:1::/32',{country=>{iso_code=>'SE'}});
open my $f,'>:raw','country.mmdb'; $t->write_tree($f); close $f;
my %a=(autonomous_system_number=>'uint32',autonomous_system_organization=>'utf8_string');
my $s=MaxMind::DB::Writer::Tree->new(ip_version=>6,record_size=>24,database_type=>'Sample-ASN',languages=>['en'],description=>{en=>'Networks for tests'},map_key_type_callback=>sub{$a{$_[0]}},remove_reserved_networks=>0);
$s->insert_network('45.80.0.0/13',{autonomous_system_number=>64500,autonomous_system_organization=>"<b>Sample</b> Hosting"});
open $f,'>:raw','asn.mmdb'; $s->write_tree($f); close $f;
