set -e
M=/work/main/.venv/bin/modelyard
cd /tmp/y && $M local up --idle-hours 0.5 2>&1 | grep ENDPOINT > /tmp/imp/url; U=$(cut -d= -f2 /tmp/imp/url); cd /tmp/imp
export AWS_ENDPOINT_URL=$U AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_REGION=us-east-1 TF_CLI_CONFIG_FILE=/tmp/y/.modelyard/local/stacks/local/_storage/terraform.tfrc CHECKPOINT_DISABLE=1
cat > main.tf.json <<J
{"terraform":{"required_providers":{"aws":{"source":"hashicorp/aws"}}},"provider":{"aws":[{"region":"us-east-1","skip_requesting_account_id":false,"s3_use_path_style":true}]},
"resource":{"aws_sns_topic":{"t":{"name":"a","lifecycle":[{"create_before_destroy":true}]}}}}
J
terraform init -input=false >/dev/null; terraform apply -input=false -auto-approve | tail -2
/work/main/.venv/bin/python -c "
import boto3;print(boto3.client('sns',region_name='us-east-1').create_topic(Name='b')['TopicArn'])"
sed -i 's/"name":"a"/"name":"b"/' main.tf.json
echo '{"import":[{"to":"aws_sns_topic.t","id":"arn:aws:sns:us-east-1:123456789012:b"}]}' > modelyard-import.tf.json
echo == import over current; terraform plan -input=false -no-color | grep -E "Plan|import|#|Error" || true
cp terraform.tfstate /tmp/imp/keep
python3 - <<'P'
import json
s=json.load(open('terraform.tfstate'))
for r in s['resources']:
    for i in r['instances']: i['deposed']='12345678'
s['serial']+=1
json.dump(s,open('terraform.tfstate','w'))
P
echo == only deposed + import; terraform plan -input=false -no-color | grep -E "Plan|import|#|Error"|| true
terraform apply -input=false -auto-approve | tail -3
terraform state list; python3 -c "
import json;print([(i.get('deposed'),i['attributes']['name']) for r in json.load(open('terraform.tfstate'))['resources'] for i in r['instances']])"
terraform plan -input=false -no-color | tail -3
